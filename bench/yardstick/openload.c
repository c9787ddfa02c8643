// A load at a rate for a TCP echo server, in one thread: message after message of SIZE bytes, the last one LF, each at its moment
// of a fixed schedule, whatever the server does; the connections take turns. A latency counts from the message's moment, so that
// a server that stalls is charged for all that was due meanwhile.
//
// usage: openload ADDRESS PORT CONNECTIONS SIZE RATE SECONDS
//
// It prints one line of JSON: messages, and the latencies of them all. It ends with 1 where a connection fails or an answer is not
// what was sent.
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

typedef struct {
    int socket;
    uint64_t sent, received; // bytes, from the beginning
} connection;

static uint64_t begin, messages, answered, longest;
static uint32_t connections;
static size_t size;
static double interval; // nanoseconds from one message to the next
static script text;
static histogram latencies;

static uint64_t moment(uint64_t message)
{
    return begin + (uint64_t)((double)message * interval);
}

// A server that stalls for a moment leaves the socket room for all of this.
static void send_next(connection *one)
{
    if (send(one->socket, text.bytes + one->sent % text.length, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) {
        fail("send");
    }

    one->sent += size;
}

static void receive(connection *one, uint32_t index)
{
    static char buffer[64 * 1024];
    ssize_t count = recv(one->socket, buffer, sizeof buffer, 0);
    uint64_t time = now(), before = one->received / size;
    if (count <= 0 || one->received + (uint64_t)count > one->sent || memcmp(buffer, text.bytes + one->received % text.length, (size_t)count) != 0) {
        fail("An answer is missing, or is not what was sent");
    }

    one->received += (uint64_t)count;
    for (uint64_t own = before; own < one->received / size; own++) {
        uint64_t latency = time - moment(own * connections + index);
        record(&latencies, latency);
        longest = latency > longest ? latency : longest;
        answered++;
    }
}

int main(int count, char **arguments)
{
    if (count != 7) {
        fprintf(stderr, "usage: openload ADDRESS PORT CONNECTIONS SIZE RATE SECONDS\n");
        return 2;
    }

    struct sockaddr_in server = read_endpoint(arguments[1], arguments[2]);
    connections = (uint32_t)read_number(arguments[3], 1, 10000);
    size = (size_t)read_number(arguments[4], 1, 16384);
    double rate = read_number(arguments[5], 0.001, 1e6);
    interval = 1e9 / rate;
    messages = (uint64_t)(rate * read_number(arguments[6], 0.01, 86400));
    text = make_script(size, 1);

    static const int on = 1;
    int loop = epoll_create1(EPOLL_CLOEXEC);
    connection *all = allocate(connections, sizeof *all);
    for (uint32_t i = 0; i < connections; i++) {
        all[i].socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = i};
        if (all[i].socket < 0 || connect(all[i].socket, (struct sockaddr *)&server, sizeof server) != 0
            || setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
            || epoll_ctl(loop, EPOLL_CTL_ADD, all[i].socket, &interest) != 0) {
            fail("connect");
        }
    }

    begin = now();
    for (uint64_t next = 0; answered < messages;) {
        for (; next < messages && moment(next) <= now(); next++) {
            send_next(&all[next % connections]);
        }

        // To the nanosecond, which epoll_wait alone does not.
        uint64_t time = now(), due = moment(next);
        struct timespec rest = {.tv_nsec = due > time ? (long)((due - time) % 1000000000u) : 0, .tv_sec = due > time ? (time_t)((due - time) / 1000000000u) : 0};
        struct pollfd answers = {.fd = loop, .events = POLLIN};
        if (ppoll(&answers, 1, next < messages ? &rest : NULL, NULL) < 0 && errno != EINTR) {
            fail("ppoll");
        }

        struct epoll_event ready[256];
        int many = epoll_wait(loop, ready, 256, 0);
        for (int i = 0; i < many; i++) {
            receive(&all[ready[i].data.u32], ready[i].data.u32);
        }
    }

    printf(
        "{\"messages\":%llu,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", (unsigned long long)answered,
        percentile(&latencies, 0.5), percentile(&latencies, 0.9), percentile(&latencies, 0.99), (double)longest / 1000);
    return 0;
}
