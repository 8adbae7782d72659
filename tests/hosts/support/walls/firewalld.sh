# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# firewalld as its files have it: zones of interfaces and of sources, services, rich rules, ports that are forwarded, and policies;
# then a rule that is there at run time alone. $1: nftables or iptables, what it makes of them.

sed -i "s/^FirewallBackend=.*/FirewallBackend=$1/; s/^LogDenied=.*/LogDenied=all/" /etc/firewalld/firewalld.conf
cd /etc/firewalld || exit
cat > services/demo.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<service>
  <short>Demo</short>
  <port protocol="tcp" port="8003"/>
  <port protocol="udp" port="8003-8004"/>
</service>
END
cat > ipsets/near.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<ipset type="hash:net">
  <entry>10.88.66.0/24</entry>
  <entry>192.0.2.0/24</entry>
</ipset>
END
cat > zones/public.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <service name="ssh"/>
  <service name="dhcpv6-client"/>
  <service name="demo"/>
  <port protocol="tcp" port="8001"/>
  <port protocol="udp" port="8001"/>
  <port protocol="tcp" port="8013-8014"/>
  <forward-port protocol="tcp" port="8090" to-port="80" to-addr="172.30.0.2"/>
  <forward-port protocol="tcp" port="8091" to-port="8001"/>
  <forward-port protocol="udp" port="8092" to-port="81" to-addr="172.30.0.2"/>
  <rule family="ipv6"><forward-port protocol="tcp" port="8093" to-port="80" to-addr="fd30::2"/></rule>
  <rule family="ipv4"><source address="10.88.66.0/24"/><port protocol="tcp" port="8002"/><accept/></rule>
  <rule family="ipv6"><source address="fd88::66:0/112"/><port protocol="tcp" port="8002"/><accept/></rule>
  <rule family="ipv4"><source address="10.88.77.0/24"/><port protocol="udp" port="8001"/><reject/></rule>
  <rule family="ipv4"><source address="10.88.77.0/24" invert="true"/><port protocol="udp" port="8005"/><accept/></rule>
  <rule family="ipv4"><source ipset="near"/><port protocol="tcp" port="8015"/><log prefix="near " level="info"><limit value="3/m"/></log><accept/></rule>
  <rule priority="-5"><port protocol="tcp" port="8014"/><drop/></rule>
  <rule priority="50" family="ipv4"><source address="10.88.0.0/16"/><port protocol="udp" port="8016"/><accept><limit value="100/s"/></accept></rule>
  <rule><source mac="02:00:00:00:77:77"/><port protocol="tcp" port="8020"/><accept/></rule>
</zone>
END
cat > zones/work.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone target="%%REJECT%%">
  <short>Work</short>
  <interface name="lan0"/>
  <service name="ssh"/>
  <port protocol="tcp" port="8006-8007"/>
  <port protocol="udp" port="8006"/>
  <forward-port protocol="tcp" port="8094" to-port="80" to-addr="172.30.0.2"/>
</zone>
END
cat > zones/trusted.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Trusted</short>
  <source address="10.90.0.200"/>
</zone>
END
cat > zones/drop.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP">
  <short>Drop</short>
  <source address="fd90::c8"/>
  <port protocol="tcp" port="8008"/>
</zone>
END
cat > zones/internal.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Internal</short>
  <source address="fd88::77:0/112"/>
  <port protocol="tcp" port="8009"/>
  <port protocol="udp" port="8017"/>
</zone>
END
cat > zones/dmz.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>DMZ</short>
  <interface name="box0"/>
</zone>
END
cat > policies/early.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<policy priority="-10" target="CONTINUE">
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
  <port protocol="tcp" port="8010"/>
  <rule family="ipv4"><source address="10.90.0.0/24"/><port protocol="tcp" port="8006"/><drop/></rule>
</policy>
END
cat > policies/late.xml << 'END'
<?xml version="1.0" encoding="utf-8"?>
<policy priority="10" target="CONTINUE">
  <ingress-zone name="public"/>
  <egress-zone name="HOST"/>
  <port protocol="udp" port="8018"/>
</policy>
END
systemctl start firewalld
firewall-cmd --quiet --zone=public --add-rich-rule='rule family="ipv4" source address="10.88.77.0/24" port port="8011" protocol="tcp" accept' --timeout=1h
