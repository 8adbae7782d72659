/* Copyright (c) 2026, the listening.ports authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stands for DLLs of Windows in tests on Linux. Tables are files of the folder that REPLAY names; where one is not
 * there, its function fails with the number in NAME.error, or 50. Processes and services are the ones below. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#define COUNT(list) (sizeof list / sizeof *list)
typedef int64_t filetime;

static void *replayed(const char *name, uint32_t *size, uint32_t *error) {
    char path[1024];
    const char *folder = getenv("REPLAY");
    snprintf(path, sizeof path, "%s/%s.error", folder, name);
    *error = 50;
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%u", error) != 1) abort();
        fclose(file);
        return NULL;
    }
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    if (fread(bytes, 1, *size, file) != *size) abort();
    fclose(file);
    *error = 0;
    return bytes;
}

static uint16_t *put(void *at, const char16_t *text) {
    uint16_t *to = at;
    while ((*to++ = *text++)) ;
    return to;
}

/* iphlpapi */

static uint32_t table(const char *name, void *to, uint32_t *size) {
    static int calls;
    uint32_t needed = 0, error;
    char *bytes = replayed(name, &needed, &error);
    if (!bytes) return error;
    const char *growing = getenv("REPLAY_GROWS");   /* so many times it is larger than it was a moment before */
    if (growing && calls++ < atoi(growing)) {
        free(bytes);
        *size += 70000;
        return 122;
    }
    if (*size < needed) {
        free(bytes);
        *size = needed;
        return 122;
    }
    memcpy(to, bytes, needed);
    free(bytes);
    *size = needed;
    return 0;
}

uint32_t GetExtendedTcpTable(void *to, uint32_t *size, int order, uint32_t family, uint32_t kind, uint32_t reserved) {
    if (kind == 5) return table(family == 2 ? "all4" : "all6", to, size);
    return kind == 6 ? table(family == 2 ? "tcp4" : "tcp6", to, size) : 87;
}

uint32_t GetExtendedUdpTable(void *to, uint32_t *size, int order, uint32_t family, uint32_t kind, uint32_t reserved) {
    return kind == 2 ? table(family == 2 ? "udp4" : "udp6", to, size) : 87;
}

#ifndef NO_OWNER_MODULES
/* The kernel's have none; the name of pid 1300 has all that could break JSON, and needs a larger buffer. */
static uint32_t owner(const char *row, int at, char *buffer, uint32_t *size) {
    uint32_t pid;
    memcpy(&pid, row + at, sizeof pid);
    if (pid == 4) return 1168;
    if (pid == 1300 && *size < 9000) {
        *size = 9000;
        return 122;
    }
    static const char16_t odd[] = { u'D', u'"', u'n', u'\\', u's', 0xd83d, 0x0131, 0x2028, 7, u'I', 0 };
    uint16_t *name = (uint16_t *)(buffer + 16), *path = put(name, pid == 1300 ? odd : u"Dnscache");
    put(path, u"C:\\Windows\\system32\\svchost.exe");
    memcpy(buffer, &name, sizeof name);
    memcpy(buffer + 8, &path, sizeof path);
    return 0;
}

uint32_t GetOwnerModuleFromTcpEntry(void *row, uint32_t kind, void *to, uint32_t *size) { return owner(row, 20, to, size); }
uint32_t GetOwnerModuleFromTcp6Entry(void *row, uint32_t kind, void *to, uint32_t *size) { return owner(row, 52, to, size); }
uint32_t GetOwnerModuleFromUdpEntry(void *row, uint32_t kind, void *to, uint32_t *size) { return owner(row, 8, to, size); }
uint32_t GetOwnerModuleFromUdp6Entry(void *row, uint32_t kind, void *to, uint32_t *size) { return owner(row, 24, to, size); }
#endif

static uint32_t mib(const char *name, void **to) {
    uint32_t size, error;
    *to = replayed(name, &size, &error);
    return error;
}

uint32_t GetIpInterfaceTable(uint16_t family, void **to) { return mib("models", to); }
uint32_t GetIpForwardTable2(uint16_t family, void **to) { return mib("routes", to); }
void FreeMibTable(void *what) { free(what); }

/* kernel32, ntdll: what is known of each process */

static const struct process {
    uint32_t pid, parent, threads, open, image, token;      /* the last three: 0, or the error of it */
    const char16_t *name, *path;
    filetime started;
    uint8_t user, contained;                                /* the last part of its SID, S-1-5-x */
} processes[] = {
    { 4, 0, 180, 0, 31, 0, u"System", NULL, 133500000000000000, 18, 0 },
    { 944, 700, 12, 0, 0, 0, u"svchost.exe", u"C:\\Windows\\System32\\svchost.exe", 133500000000000007, 20, 0 },
    { 1200, 700, 3, 5, 0, 0, u"secret.exe", NULL, 0, 0, 0 },
    { 1300, 944, 7, 0, 0, 0, u"app \"x\".exe", u"C:\\Program Files\\\u0130stanbul\\app.exe", 133500000000000900, 18, 1 },
    { 1400, 944, 7, 0, 31, 5, u"odd.exe", NULL, 133500000000000902, 0, 0 },
    { 1350, 944, 7, 0, 0, 5, u"w3wp.exe", u"C:\\Windows\\System32\\inetsrv\\w3wp.exe", 133500000000000901, 0, 0 },
};

static const struct process *known(void *handle) { return &processes[(intptr_t)handle - 0x1000]; }

static int fail(uint32_t code) {
    errno = code;
    return 0;
}

void *CreateToolhelp32Snapshot(uint32_t what, uint32_t pid) {
    uint32_t size, error;
    free(replayed("snapshot", &size, &error));
    errno = error;
    return error == 50 ? (void *)0x77 : (void *)-1;
}

static size_t next;

int Process32NextW(void *snapshot, char *entry) {
    if (next == COUNT(processes)) return fail(18);
    const struct process *one = &processes[next++];
    memcpy(entry + 8, &one->pid, 4);
    memcpy(entry + 28, &one->threads, 4);
    memcpy(entry + 32, &one->parent, 4);
    put(entry + 44, one->name);
    return 1;
}

int Process32FirstW(void *snapshot, char *entry) {
    uint32_t size;
    memcpy(&size, entry, 4);
    if (size != 568) return fail(24);
    next = 0;
    return Process32NextW(snapshot, entry);
}

void *OpenProcess(uint32_t access, int inherit, uint32_t pid) {
    if (access != 0x1000) abort();          /* no more than it needs */
    for (size_t i = 0; i < COUNT(processes); i++)
        if (processes[i].pid == pid) return processes[i].open ? (void *)(intptr_t)fail(processes[i].open) : (void *)(0x1000 + i);
    return (void *)(intptr_t)fail(87);
}

int CloseHandle(void *handle) { return 1; }

int QueryFullProcessImageNameW(void *handle, uint32_t flags, void *to, uint32_t *length) {
    const struct process *one = known(handle);
    if (one->image) return fail(one->image);
    *length = put(to, one->path) - (uint16_t *)to - 1;
    return 1;
}

int GetProcessTimes(void *handle, filetime *created, filetime *ended, filetime *kernel, filetime *user) {
    *created = known(handle)->started;
    *ended = 0;
    *kernel = 70;
    *user = 30;
    return 1;
}

int GetProcessHandleCount(void *handle, uint32_t *count) {
    *count = 321;
    return 1;
}

int K32GetProcessMemoryInfo(void *handle, char *counters, int size) {
    int64_t bytes = 5000000000;
    if (size != 72) return fail(122);
    memcpy(counters + 16, &bytes, sizeof bytes);
    return 1;
}

int NtQueryInformationProcess(void *handle, int kind, char *to, int size, int *needed) {
    if (kind != 60) abort();
    uint16_t *text = (uint16_t *)(to + 16), length = 2 * (put(text, u"svchost.exe -k \"Net\"") - text - 1);
    memcpy(to, &length, 2);
    memcpy(to + 8, &text, 8);
    return 0;
}

int RtlGetVersion(char *info) {
    uint32_t size, version[] = { 10, 0, 20348 };
    memcpy(&size, info, 4);
    if (size != 284) return 0xc000000d;
    memcpy(info + 4, version, sizeof version);
    info[282] = 3;
    return 0;
}

/* advapi32 */

int OpenProcessToken(void *handle, uint32_t access, void **token) {
    if (access != 8) abort();
    *token = handle;
    return known(handle)->token ? fail(known(handle)->token) : 1;
}

int GetTokenInformation(void *token, int kind, char *to, int size, int *needed) {
    const struct process *one = known(token);
    uint8_t sid[] = { 1, 1, 0, 0, 0, 0, 0, 5, one->user, 0, 0, 0 },
            package[] = { 1, 2, 0, 0, 0, 0, 0, 15, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
    uint32_t contained = one->contained;
    char *at = to + 64;
    if (kind == 29) memcpy(to, &contained, 4);
    else memcpy(to, &at, 8);
    if (kind == 1) memcpy(at, sid, sizeof sid);
    if (kind == 31) memcpy(at, package, sizeof package);
    return 1;
}

static const struct service {
    const char16_t *name, *display;
    uint32_t pid, kind, state, start, sid, exit, specific;
} services[] = {
    { u"Dnscache", u"DNS \"Client\"", 944, 0x20, 4, 2, 1, 0, 0 },
    { u"PolicyAgent", u"IPsec Policy Agent", 944, 0x20, 4, 3, 0, 0, 0 },
    { u"Plain", u"No SID", 1350, 0x10, 4, 2, ~0u, 0, 0 },           /* its SID type is not told: error 124 */
    { u"W3SVC", u"\u0130nternet", 0, 0x20, 1, 3, 1, 1066, 42 },
    { u"Other", u"Other", 555, 0x10, 4, 2, 1, 0, 0 },
};

void *OpenSCManagerW(void *machine, void *database, uint32_t access) {
    uint32_t size, error;
    free(replayed("manager", &size, &error));
    return error == 50 ? (void *)1 : (void *)(intptr_t)fail(error);
}

static int same(const char16_t *one, const uint16_t *other) {
    while (*one && *one == *other) one++, other++;
    return *one == *other;
}

void *OpenServiceW(void *manager, const uint16_t *name, uint32_t access) {
    for (size_t i = 0; i < COUNT(services); i++)
        if (same(services[i].name, name)) return (void *)(0x100 + i);
    return (void *)(intptr_t)fail(1060);
}

int CloseServiceHandle(void *handle) { return 1; }

int EnumServicesStatusExW(void *manager, int level, uint32_t kind, uint32_t state, char *to, uint32_t size,
                          uint32_t *needed, uint32_t *count, uint32_t *resume, void *group) {
    if (level != 0 || kind != 0x30 || state != 3) abort();
    const char *few = getenv("REPLAY_SERVICES");        /* how many at a time */
    size_t end = few ? *resume + atoi(few) : COUNT(services);
    if (size > 256 * 1024) return fail(87);
    if (end > COUNT(services)) end = COUNT(services);
    uint16_t *text = (uint16_t *)(to + 56 * COUNT(services));
    for (*count = 0; *resume < end; ++*count, ++*resume) {
        const struct service *one = &services[*resume];
        uint32_t status[] = { one->kind, one->state, 0, one->exit, one->specific, 0, 0, one->pid, 0 };
        char *row = to + 56 * *count;
        memcpy(row, &text, 8);
        text = put(text, one->name);
        memcpy(row + 8, &text, 8);
        text = put(text, one->display);
        memcpy(row + 16, status, sizeof status);
    }
    *needed = 4096;
    return *resume == COUNT(services) ? 1 : fail(234);
}

int QueryServiceStatus(void *handle, char *to) {
    const struct service *one = &services[(intptr_t)handle - 0x100];
    if (one->sid == ~0u) return fail(5);
    memcpy(to + 4, &one->state, 4);
    return 1;
}

int QueryServiceConfigW(void *handle, char *to, uint32_t size, uint32_t *needed) {
    *needed = 100;
    if (size < *needed) return fail(122);
    memcpy(to + 4, &services[(intptr_t)handle - 0x100].start, 4);
    return 1;
}

int QueryServiceConfig2W(void *handle, uint32_t level, char *to, uint32_t size, uint32_t *needed) {
    uint32_t sid = services[(intptr_t)handle - 0x100].sid;
    if (level != 5) abort();
    if (sid == ~0u) return fail(124);
    *needed = 4;
    if (size < *needed) return fail(122);
    memcpy(to, &sid, 4);
    return 1;
}

int EnumDependentServicesW(void *handle, uint32_t state, char *to, uint32_t size, uint32_t *needed, uint32_t *count) {
    *count = 0;
    if (state != 1) abort();
    if ((intptr_t)handle == 0x102) return fail(5);
    if ((intptr_t)handle != 0x100) return 1;
    *needed = 200;
    if (size < *needed) return fail(234);
    uint16_t *text = (uint16_t *)(to + 48);
    memcpy(to, &text, 8);
    put(text, u"NlaSvc");
    *count = 1;
    return 1;
}

/* rpcrt4 */

static const char16_t *const bindings[] = {
    u"ncacn_ip_tcp:10.0.0.5[49664]", u"ncalrpc:[LRPC-1]", u"ncacn_np:\\\\\\\\HOST[\\\\pipe\\\\x]", u"ncacn_ip_tcp:[135]",
    u"0e0-4@ncacn_ip_tcp:10.0.0.5[49664]", u"ncacn_http:10.0.0.5[593]", u"ncacn_ip_tcp:10.0.0.5[]" };

uint32_t RpcMgmtEpEltInqBegin(void *binding, uint32_t kind, void *id, uint32_t version, void *uuid, intptr_t *context) {
    uint32_t size, error;
    free(replayed("rpc", &size, &error));
    *context = 1;
    return error == 50 ? 0 : error;
}

uint32_t RpcMgmtEpEltInqNextW(intptr_t context, void *id, intptr_t *binding, void *uuid, void *annotation) {
    static size_t at;
    if (at == COUNT(bindings)) return 1772;
    *binding = ++at;
    return 0;
}

uint32_t RpcBindingToStringBindingW(intptr_t binding, void **text) {
    *text = malloc(256);
    put(*text, bindings[binding - 1]);
    return 0;
}

uint32_t RpcStringFreeW(void **text) {
    free(*text);
    *text = NULL;
    return 0;
}

uint32_t RpcBindingFree(intptr_t *binding) { return 0; }
uint32_t RpcMgmtEpEltInqDone(intptr_t *context) { return 0; }

/* fwpuclnt */

uint32_t FwpmEngineOpen0(void *server, uint32_t service, void *identity, void *session, void **engine) {
    *engine = (void *)1;
    return service == 10 ? 0 : 87;
}

uint32_t FwpmEngineClose0(void *engine) { return 0; }

uint32_t FwpmProviderCreateEnumHandle0(void *engine, void *template, void **handle) { return 0; }
uint32_t FwpmProviderDestroyEnumHandle0(void *engine, void *handle) { return 0; }

uint32_t FwpmProviderEnum0(void *engine, void *handle, uint32_t wanted, char ***entries, uint32_t *count) {
    static char rows[2][56], *list[] = { rows[0], rows[1] };
    static const char16_t *names[] = { u"Microsoft Corporation", u"Other \"Filter\"" };
    for (int i = 0; i < 2; i++) memcpy(rows[i] + 16, &names[i], 8);
    *entries = list;
    *count = 2;
    return 0;
}

void FwpmFreeMemory0(void **memory) { *memory = NULL; }

