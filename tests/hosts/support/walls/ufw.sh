# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# ufw: allow, deny, reject and limit, profiles of applications, IPv6, logging, forwarded ports, and changes while it is on.
# $1: nft or legacy, the iptables that it runs.

for family in iptables ip6tables; do
    update-alternatives --quiet --set "$family" "/usr/sbin/$family-$1"
done
cat > /etc/ufw/applications.d/demo << 'END'
[Demo]
title=Demo
description=More than one port
ports=8003|8004:8005/tcp|8013,8014/udp

[Demo Web]
title=Demo Web
description=One port
ports=8015/tcp
END
cat > /tmp/nat << 'END'
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i host0 -p tcp --dport 8090 -j DNAT --to-destination 172.30.0.2:80
-A PREROUTING -p tcp --dport 8091 -j REDIRECT --to-ports 8001
-A PREROUTING -p udp -m udp --dport 8092 -j DNAT --to-destination 172.30.0.2:81
COMMIT
END
cat /tmp/nat >> /etc/ufw/before.rules
ufw logging high
ufw allow 22/tcp
ufw allow 8001
ufw allow proto tcp from 10.88.66.0/24 to any port 8002
ufw allow proto tcp from fd88::66:0/112 to any port 8002
ufw allow Demo
ufw allow from 10.90.0.0/24 to any app 'Demo Web'
ufw deny proto udp from any to any port 8006
ufw allow log-all 8006
ufw reject 8007/tcp
ufw allow in on lan0 to any port 8008
ufw limit 8009/tcp
ufw allow proto tcp to any port 8010,8011,8016:8018
ufw insert 1 deny from 10.88.77.0/24 to any port 8010 proto tcp
ufw allow in on lan0 from fd90::c8
ufw route allow proto tcp from 10.88.66.0/24 to 172.30.0.2 port 80
ufw route allow in on lan0 out on box0 to 172.30.0.2 port 81 proto udp
ufw allow 8019/udp
ufw delete allow 8019/udp
ufw --force enable
ufw limit 8012/tcp
ufw allow from "10.88.77.$HERE" to any port 8020 proto udp
