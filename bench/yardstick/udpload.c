// A load for a UDP echo server, in one thread: each of some sockets has DEPTH datagrams of SIZE bytes in flight, and every byte
// that comes back is compared with what was sent. A datagram that has not come back after 200 ms is given up as lost, and
// another one is sent.
//
// usage: udpload ADDRESS PORT SOCKETS SIZE DEPTH SECONDS [SERVER-PROCESS]
//
// It prints one line of JSON: messages a second, latencies, lost and late ones (late: an answer to one already given up),
// errors (of the socket), mismatches, and the CPU time that the server's process spent on a message, -1 where no process is
// named. The first 15 % of the time warm up, and are not counted. The exit code is 0 where no answer was wrong.
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { PATIENCE = 200000000 };

typedef struct {
    uint32_t number; // the first four bytes; it leaves the place's index when divided by the depth
    uint64_t sent_at;
} flight;

typedef struct {
    int socket;
    flight *flights;
} peer;

static size_t size;
static uint32_t depth;
static script text;
static long errors, mismatches, lost, late, messages;
static histogram latencies;

// The bytes of a datagram after its number: each number has others.
static const char *body(uint32_t number) { return text.bytes + (size_t)number * size % text.length; }

static void send_next(const peer *one, flight *next)
{
    static char datagram[65536];
    next->number += depth;
    memcpy(datagram, &next->number, sizeof next->number);
    memcpy(datagram + sizeof next->number, body(next->number), size - sizeof next->number);
    next->sent_at = now();
    if (send(one->socket, datagram, size, 0) < 0) {
        errors++;
    }
}

static void receive_all(peer *one)
{
    static char datagram[65536];
    ssize_t count;
    while ((count = recv(one->socket, datagram, sizeof datagram, 0)) >= 0 || errno != EAGAIN) {
        if (count < 0) {
            errors++;
            return;
        }

        uint32_t number = 0;
        memcpy(&number, datagram, (size_t)count < sizeof number ? (size_t)count : sizeof number);
        flight *sent = &one->flights[number % depth];
        if (number < sent->number) {
            late++;
            continue;
        }

        if ((size_t)count != size || number != sent->number || memcmp(datagram + sizeof number, body(number), size - sizeof number) != 0) {
            mismatches++;
        }

        record(&latencies, now() - sent->sent_at);
        messages++;
        send_next(one, sent);
    }
}

int main(int count, char **arguments)
{
    if (count < 7 || count > 8) {
        fprintf(stderr, "usage: udpload ADDRESS PORT SOCKETS SIZE DEPTH SECONDS [SERVER-PROCESS]\n");
        return 2;
    }

    struct sockaddr_in server = read_endpoint(arguments[1], arguments[2]);
    uint32_t sockets = (uint32_t)read_number(arguments[3], 1, 100000);
    size = (size_t)read_number(arguments[4], sizeof(uint32_t), 65507);
    depth = (uint32_t)read_number(arguments[5], 1, 1000);
    double seconds = read_number(arguments[6], 0.01, 86400);
    int process = count == 8 ? (int)read_number(arguments[7], 0, 1 << 30) : 0;
    text = make_script(size, 0);

    peer *all = allocate(sockets, sizeof *all);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < sockets; i++) {
        all[i].socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = i};
        if (all[i].socket < 0 || connect(all[i].socket, (struct sockaddr *)&server, sizeof server) != 0
            || epoll_ctl(loop, EPOLL_CTL_ADD, all[i].socket, &interest) != 0) {
            fail("socket");
        }
    }

    uint64_t begin = now(), end = begin + (uint64_t)(seconds * 1e9), counted = begin + (uint64_t)(seconds * 0.15e9), looked = begin;
    double processor = processor_seconds(process);
    int is_warm = 0;
    for (uint32_t i = 0; i < sockets; i++) {
        all[i].flights = allocate(depth, sizeof *all[i].flights);
        for (uint32_t j = 0; j < depth; j++) {
            all[i].flights[j].number = j;
            send_next(&all[i], &all[i].flights[j]);
        }
    }

    uint64_t time;
    while ((time = now()) < end) {
        if (!is_warm && time >= counted) {
            is_warm = 1;
            counted = time;
            messages = lost = late = 0;
            memset(&latencies, 0, sizeof latencies);
            processor = processor_seconds(process);
        }

        struct epoll_event ready[256];
        int many = epoll_wait(loop, ready, 256, 50);
        for (int i = 0; i < many; i++) {
            receive_all(&all[ready[i].data.u32]);
        }

        time = now();
        if (time - looked > PATIENCE / 4) {
            looked = time;
            for (uint32_t i = 0; i < sockets * depth; i++) {
                const peer *one = &all[i / depth];
                if (time - one->flights[i % depth].sent_at > PATIENCE) {
                    lost++;
                    send_next(one, &one->flights[i % depth]);
                }
            }
        }
    }

    double elapsed = (double)(now() - counted) / 1e9;
    double processor_time = processor_seconds(process) - processor;
    printf(
        "{\"sockets\":%u,\"size\":%zu,\"depth\":%u,\"msgs_s\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"lost\":%ld,\"late\":%ld,"
        "\"errors\":%ld,\"mismatches\":%ld,\"server_cpu_us_per_msg\":%.2f}\n",
        sockets, size, depth, (double)messages / elapsed, percentile(&latencies, 0.5), percentile(&latencies, 0.9), percentile(&latencies, 0.99),
        percentile(&latencies, 0.999), lost, late, errors, mismatches,
        process != 0 && messages > 0 ? processor_time * 1e6 / (double)messages : -1);
    return errors != 0 || mismatches != 0;
}
