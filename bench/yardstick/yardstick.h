// What the programs of the yardstick share: arguments, a clock, a process's CPU time, a latency histogram, and text to send.
#ifndef YARDSTICK_H
#define YARDSTICK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fail("calloc");
    }

    return memory;
}

// Reads a number, and ends the program if the argument is none or lies outside the range.
static inline double read_number(const char *text, double least, double most)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= least && number <= most)) {
        fprintf(stderr, "'%s' is not a number from %g to %g.\n", text, least, most);
        exit(2);
    }

    return number;
}

static inline struct sockaddr_in read_endpoint(const char *address, const char *port)
{
    struct sockaddr_in endpoint = {.sin_family = AF_INET, .sin_port = htons((uint16_t)read_number(port, 1, 65535))};
    if (inet_pton(AF_INET, address, &endpoint.sin_addr) != 1) {
        fprintf(stderr, "'%s' is not an IPv4 address.\n", address);
        exit(2);
    }

    return endpoint;
}

// Binds a socket to a port of 127.0.0.1; 0 is one that is free.
static inline void bind_loopback(int socket, const char *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)read_number(port, 0, 65535))};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(socket, (struct sockaddr *)&here, sizeof here) != 0) {
        fail("bind");
    }
}

// Prints the port of a bound socket on a line of its own, for whoever started the program with port 0.
static inline void print_port(int socket)
{
    struct sockaddr_in here;
    socklen_t length = sizeof here;
    if (getsockname(socket, (struct sockaddr *)&here, &length) != 0) {
        fail("getsockname");
    }

    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
}

// Nanoseconds of a clock that only goes forward.
static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// The seconds a process has spent on processors, in user mode and in the kernel; negative where that cannot be read.
static inline double processor_seconds(int process)
{
    char path[40], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }

    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';

    // The second field is the program's name in parentheses, which may itself contain blanks and parentheses.
    char *field = strrchr(text, ')');
    unsigned long long ticks = 0;
    for (int number = 3; field != NULL && number <= 15; number++) {
        field = strchr(field + 1, ' ');
        if (field != NULL && number >= 14) {
            ticks += strtoull(field, NULL, 10);
        }
    }

    return field == NULL ? -1 : (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

// Latencies in nanoseconds. Each power of two is divided into 128 equal parts, so that a figure is at most 0.8 % off.
enum { PARTS = 128, BUCKETS = PARTS * 58 };

typedef struct {
    uint64_t counts[BUCKETS];
    uint64_t total;
} histogram;

static inline void record(histogram *all, uint64_t latency)
{
    int shift = latency < PARTS ? 0 : 63 - __builtin_clzll(latency) - 7;
    all->counts[shift * PARTS + (int)(latency >> shift)]++;
    all->total++;
}

// The latency, in microseconds, that a share of all messages did not exceed.
static inline double percentile(const histogram *all, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)all->total), seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += all->counts[bucket];
        if (seen > wanted) {
            int shift = bucket < 2 * PARTS ? 0 : bucket / PARTS - 1;
            return (double)((uint64_t)(bucket - shift * PARTS) << shift) / 1000;
        }
    }

    return 0;
}

// Messages to send, one after the other and then from the first again. No two neighbours are alike, so that an answer
// that belongs to another message is noticed.
typedef struct {
    char *bytes;
    size_t length; // of all messages; as much again follows, so that what starts before the end is in one piece
} script;

static inline script make_script(size_t size, int is_lines)
{
    size_t count = 65536 / size + 2;
    script made = {.bytes = allocate(2 * count, size), .length = count * size};
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < made.length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        made.bytes[i] = (char)('a' + state % 26);
        if (is_lines && i % size == size - 1) {
            made.bytes[i] = '\n';
        }
    }

    memcpy(made.bytes + made.length, made.bytes, made.length);
    return made;
}

#endif
