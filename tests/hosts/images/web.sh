# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Run in the image once its packages are there.

# What takes time at boot, and is of no use here.
systemctl mask -q dpkg-db-backup.timer fstrim.timer systemd-pstore.service
