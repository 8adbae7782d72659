# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Run in the image once its packages are there.

# Nothing of it is there until a test asks for it.
systemctl disable -q atd.service supervisor.service
systemctl mask -q podman.socket podman-auto-update.timer podman-restart.service podman-clean-transient.service \
    dpkg-db-backup.timer fstrim.timer systemd-pstore.service

# The disk is in memory, and an overlay itself, over which there can be no other.
mkdir -p /etc/containers
printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
    > /etc/containers/storage.conf
# A machine that also has control groups of version 1 keeps the one that counts processes there. And the network that
# Podman takes by itself is the one that this host is in.
printf '[containers]\npids_limit = 0\n[network]\ndefault_subnet = "172.30.0.0/24"\n' > /etc/containers/containers.conf
