# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Run in the image once the files are laid over it.

# Sockets that systemd holds, and that start their services.
systemctl disable -q ssh.service rpcbind.service
systemctl enable -q ssh.socket rpcbind.socket

systemctl enable -q cron.service virtual-networks.service container-engine.service

# What takes time at boot, and is of no use here.
systemctl mask -q dpkg-db-backup.timer fstrim.timer systemd-pstore.service

# Nothing is written to the disk, which is in memory, but the tables of MariaDB.
printf 'save ""\nlogfile ""\n' >> /etc/redis/redis.conf
rm -r /var/lib/mysql/*
mariadb-install-db --user=mysql --auth-root-authentication-method=socket --skip-test-db < /dev/null > /dev/null

# What Docker calls its proxies, and the resolver's own file.
ln -s /usr/bin/socat /usr/local/bin/docker-proxy
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
