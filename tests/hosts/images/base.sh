# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Run in the image once its packages are installed.

# Firewalls are there, and off.
systemctl disable -q firewalld ufw nftables cron
sed -i 's/^ENABLED=.*/ENABLED=no/' /etc/ufw/ufw.conf

# Nothing here has a console, a mirror or a disk to look after.
systemctl mask -q getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer
# Users other than root may log in as soon as sshd answers.
ln -s /dev/null /etc/tmpfiles.d/systemd-nologin.conf

useradd --create-home --shell /bin/bash ansible
echo 'ansible ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ansible
chmod 440 /etc/sudoers.d/ansible

chmod 755 /etc/rig/network
systemctl enable -q rig-network.service

# Each host gets its own; a journal of some megabytes each would fill the memory that their disks are in.
rm -f /etc/ssh/ssh_host_*
: > /etc/machine-id
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nSystemMaxFileSize=1M\nRuntimeMaxFileSize=1M\n' > /etc/systemd/journald.conf.d/rig.conf

# What each host would else do at its first boot.
ldconfig
journalctl --update-catalog
rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/log/journal/*
rm -f /etc/resolv.conf
touch /etc/resolv.conf
sleep 1
touch /etc/.updated /var/.updated
