// A disk that always takes the same time, as a library for LD_PRELOAD. For measurements only.
//
// Shared disks drift by a factor of a hundred within minutes, and what is measured here is mostly the wait for them.
// So fsync, fdatasync and msync(MS_SYNC) do not sync: each returns after FSYNC_DELAY_US microseconds (0 when unset).
// With FSYNC_COUNT set, the number of calls is written to standard error when the process ends, to show that they
// were seen at all: io_uring, O_DSYNC and static binaries go around this library.
//
//   cc -O2 -shared -fPIC -o fsync-delay.so fsync-delay.c

#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_ulong calls;
static long delay_us;

__attribute__((constructor)) static void read_settings(void) {
    const char *text = getenv("FSYNC_DELAY_US");
    delay_us = text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((destructor)) static void report(void) {
    if (getenv("FSYNC_COUNT") != NULL) {
        fprintf(stderr, "fsync calls: %lu\n", atomic_load(&calls));
    }
}

// Until a fixed moment, so that a signal in between does not make it longer.
static int pretend(void) {
    atomic_fetch_add(&calls, 1);
    if (delay_us <= 0) {
        return 0;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += delay_us / 1000000;
    until.tv_nsec += delay_us % 1000000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec += 1;
        until.tv_nsec -= 1000000000;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
    return 0;
}

int fsync(int fd) {
    (void)fd;
    return pretend();
}

int fdatasync(int fd) {
    (void)fd;
    return pretend();
}

int msync(void *start, size_t length, int flags) {
    // MS_ASYNC never waits for a disk, so it costs nothing here either.
    return flags & MS_SYNC ? pretend() : (int)syscall(SYS_msync, start, length, flags);
}
