# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netsh prints in several languages, for tests.

The form is that of netsh, and so are the English words. Those of the other languages are ours: nothing may read them.
"""

_ENGLISH = {
    'title': 'Snapshot of HTTP service state (Request Queue View):', 'queue': 'Request queue name',
    'unnamed': 'Request queue is unnamed.', 'version': 'Version', 'state': 'State: Active',
    'verbosity': 'Request queue 503 verbosity level: Basic', 'requests': 'Max requests', 'active': 'Active requests',
    'attached': 'Number of active processes attached', 'controller': 'Controller process ID', 'ids': 'Process IDs:',
    'processes': 'Processes:', 'id': 'ID', 'image': 'image', 'services': 'Services', 'tagged': 'Tagged Service',
    'groups': 'URL groups:', 'group': 'URL group ID', 'properties': 'Properties:',
    'bandwidth': 'Max bandwidth: inherited',
    'count': 'Number of registered URLs', 'urls': 'Registered URLs:', 'session': 'Server session ID',
    'timeout': 'Entity body timeout (secs): 120', 'excluded': 'Protocol %s Port Exclusion Ranges',
    'columns': 'Start Port    End Port', 'note': '* - Administered port exclusions.',
    'dynamic': 'Protocol %s Dynamic Port Range', 'first': 'Start Port      ', 'number': 'Number of Ports ',
    'refused': 'The requested operation requires elevation (Run as administrator).',
}
_GERMAN = {
    'title': 'Momentaufnahme des HTTP-Dienststatus (Ansicht der Anforderungswarteschlange):',
    'queue': 'Name der Anforderungswarteschlange', 'unnamed': 'Die Anforderungswarteschlange ist unbenannt.',
    'version': 'Version', 'state': 'Status: Aktiv',
    'verbosity': '503-Ausführlichkeitsgrad der Anforderungswarteschlange: Einfach', 'requests': 'Max. Anforderungen',
    'active': 'Aktive Anforderungen', 'attached': 'Anzahl von angefügten aktiven Prozessen',
    'controller': 'ID des Controllerprozesses', 'ids': 'Prozess-IDs:', 'processes': 'Prozesse:', 'id': 'ID',
    'image': 'Abbild', 'services': 'Dienste', 'tagged': 'Markierter Dienst', 'groups': 'URL-Gruppen:',
    'group': 'URL-Gruppen-ID', 'properties': 'Eigenschaften:', 'bandwidth': 'Maximale Bandbreite: geerbt',
    'count': 'Anzahl registrierter URLs', 'urls': 'Registrierte URLs:', 'session': 'Serversitzungs-ID',
    'timeout': 'Zeitlimit für den Entitätstext (Sek.): 120',
    'excluded': 'Portausschlussbereiche für das Protokoll "%s"',
    'columns': 'Startport      Endport', 'note': '* - Verwaltete Portausschlüsse.',
    'dynamic': 'Dynamischer Portbereich für das Protokoll %s', 'first': 'Startport       ',
    'number': 'Anzahl der Ports',
    'refused': 'Der angeforderte Vorgang erfordert erhöhte Rechte (Als Administrator ausführen).',
}
_TURKISH = {
    'title': 'HTTP hizmet durumunun anlık görüntüsü (İstek Sırası Görünümü):', 'queue': 'İstek sırası adı',
    'unnamed': 'İstek sırası adsız.', 'version': 'Sürüm', 'state': 'Durum: Etkin',
    'verbosity': 'İstek sırası 503 ayrıntı düzeyi: Temel', 'requests': 'En fazla istek', 'active': 'Etkin istekler',
    'attached': 'Bağlı etkin işlem sayısı', 'controller': 'Denetleyici işlem kimliği', 'ids': 'İşlem kimlikleri:',
    'processes': 'İşlemler:', 'id': 'Kimlik', 'image': 'görüntü', 'services': 'Hizmetler',
    'tagged': 'Etiketli Hizmet', 'groups': 'URL grupları:', 'group': 'URL grubu kimliği', 'properties': 'Özellikler:',
    'bandwidth': 'En fazla bant genişliği: devralındı', 'count': 'Kayıtlı URL sayısı', 'urls': "Kayıtlı URL'ler:",
    'session': 'Sunucu oturumu kimliği', 'timeout': 'Varlık gövdesi zaman aşımı (sn): 120',
    'excluded': '%s Protokolü Bağlantı Noktası Dışlama Aralıkları',
    'columns': 'Başlangıç Bağlantı Noktası    Bitiş Bağlantı Noktası',
    'note': '* - Yönetilen bağlantı noktası dışlamaları.', 'dynamic': '%s Protokolü Dinamik Bağlantı Noktası Aralığı',
    'first': 'Başlangıç Bağlantı Noktası ', 'number': 'Bağlantı Noktası Sayısı    ',
    'refused': 'İstenen işlem için yükseltme gerekiyor (Yönetici olarak çalıştır).',
}
_ACCOUNTS = {
    'en': ('NT AUTHORITY\\SYSTEM', 'NT AUTHORITY\\LOCAL SERVICE', 'NT AUTHORITY\\NETWORK SERVICE'),
    'de': ('NT-AUTORITÄT\\SYSTEM', 'NT-AUTORITÄT\\Lokaler Dienst', 'NT-AUTORITÄT\\Netzwerkdienst'),
    'tr': ('NT AUTHORITY\\SYSTEM', 'NT AUTHORITY\\LOCAL SERVICE', 'NT AUTHORITY\\AĞ HİZMETİ'),
}


class Language:
    """What netsh and LookupAccountSid say in one language.

    :ivar accounts: SID to name. :ivar refused: what netsh prints for whoever is not an administrator.
    """

    def __init__(self, words, accounts):
        self._words = words
        self.accounts = dict(zip(('S-1-5-18', 'S-1-5-19', 'S-1-5-20'), accounts))
        self.refused = '\r\n%s\r\n' % words['refused']

    def queues(self, queues, images=(), hosted=(), old=False, session=True):
        """What ``netsh http show servicestate view=requestq`` prints.

        :param queues: rows of name or None, pids, URLs and the pid of the controller or None.
        :param images: pid to path, which new versions show.
        :param hosted: pid to names of services, which new versions show.
        :param old: whether it is a version that shows pids alone.
        :param session: whether a session is shown below its URLs.
        """
        word = self._words
        lines = [word['title'], '-' * 53, '']
        for number, (name, pids, urls, controller) in enumerate(queues):
            lines += ['%s: %s' % (word['queue'], name or word['unnamed']), '    %s: 2.0' % word['version'],
                      '    ' + word['state'], '    ' + word['verbosity'], '    %s: 1000' % word['requests']]
            if not old:
                lines += ['    %s: 0' % word['active']]
            lines += ['    %s: %d' % (word['attached'], len(pids))]
            if controller is not None:
                lines += ['    %s: %d' % (word['controller'], controller)]
            lines += ['    ' + word['ids' if old else 'processes']] if pids or old else []
            for pid in pids:
                if old:
                    lines += ['        %d' % pid]
                    continue
                lines += ['        %s: %d, %s: %s' % (word['id'], pid, word['image'], dict(images).get(pid) or '<?>')]
                services = dict(hosted).get(pid, ())
                if services:
                    lines += ['        %s: %s' % (word['services'], ', '.join(services))]
                    tagged = [service for service in services if service == 'WinRM'] or services[:1]
                    lines += ['        %s: %s' % (word['tagged'], tagged[0])]
            if urls:
                lines += ['    ' + word['groups'], '    %s: FE000000%08X' % (word['group'], 0x40000001 + number),
                          '        ' + word['state'], '        %s: %s' % (word['queue'], name or word['unnamed']),
                          '        ' + word['properties'], '            ' + word['bandwidth'],
                          '            %s: %d' % (word['count'], len(urls)), '            ' + word['urls']]
                lines += ['                ' + url for url in urls]
                if session:
                    lines += ['        %s: FF000000%08X' % (word['session'], 0x20000001 + number),
                              '            %s: 2.0' % word['version'], '            ' + word['state'],
                              '            ' + word['properties'], '                ' + word['timeout']]
            lines += ['']
        return '\r\n'.join(lines)

    def excluded(self, protocol, spans):
        """What ``netsh int ipv4 show excludedportrange`` prints; spans are rows of first, last, administered."""
        word = self._words
        lines = ['', word['excluded'] % protocol, '', word['columns'], '----------    --------']
        lines += ['%10d  %10d  %s' % (low, high, '   *' if administered else '    ')
                  for low, high, administered in sorted(spans)]
        return '\r\n'.join([*lines, '', word['note'], ''])

    def dynamic(self, protocol, first, number):
        """What ``netsh int ipv4 show dynamicport`` prints."""
        word = self._words
        title = word['dynamic'] % protocol
        return '\r\n'.join(['', title, '-' * len(title), '%s: %d' % (word['first'], first),
                            '%s: %d' % (word['number'], number), ''])


LANGUAGES = {
    'en': Language(_ENGLISH, _ACCOUNTS['en']),
    'de': Language(_GERMAN, _ACCOUNTS['de']),
    'tr': Language(_TURKISH, _ACCOUNTS['tr']),
}
