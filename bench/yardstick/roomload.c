// A load for a chat server, in one thread: each of CLIENTS sends LINES lines of SIZE bytes at once, and again when it has
// received as many from each of the others. A line says who sent it and its number, which every client checks of every sender.
//
// usage: roomload ADDRESS PORT CLIENTS SIZE LINES SECONDS [SERVER-PROCESS]
//
// It prints one line of JSON as tcpload does, in which a message is a line that reached one client. The first 15 % of the time
// warm up, and are not counted. The exit code is 0 where nothing went wrong.
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// "sender number " with leading zeros; what says hello has a sender of its own.
enum { HEAD = 15, HELLO = 99999 };

typedef struct {
    int socket;
    int is_here; // whether it has heard hello
    uint32_t said; // lines, from the beginning
    uint64_t said_at; // when the last of them were sent
    uint64_t heard;
    uint32_t *next; // the number that each sender's next line must have
    char *rest; // of a line that came in part
    size_t rest_length;
} client;

static client *all;
static uint32_t clients, lines, here;
static size_t size;
static char *outgoing;
static long errors, mismatches, messages;
static uint64_t bytes;
static histogram latencies;

static void write_line(char *line, uint32_t sender, uint32_t number)
{
    char head[HEAD + 1];
    snprintf(head, sizeof head, "%05u %08u ", sender, number);
    memset(line, 'x', size - 1);
    memcpy(line, head, HEAD);
    line[size - 1] = '\n';
}

static void send_all(int socket, const char *from, size_t length)
{
    while (length > 0) {
        ssize_t count = send(socket, from, length, MSG_NOSIGNAL);
        if (count < 0) {
            fail("send");
        }

        from += count;
        length -= (size_t)count;
    }
}

static void say(uint32_t index)
{
    client *one = &all[index];
    for (uint32_t i = 0; i < lines; i++) {
        write_line(outgoing + i * size, index, one->said++);
    }

    one->said_at = now();
    send_all(one->socket, outgoing, lines * size);
}

static void hear(client *one, const char *line, uint64_t time)
{
    uint32_t sender = (uint32_t)strtoul(line, NULL, 10), number = (uint32_t)strtoul(line + 6, NULL, 10);
    if (sender == HELLO) {
        here += !one->is_here;
        one->is_here = 1;
        return;
    }

    if (line[size - 1] != '\n' || sender >= clients || number != one->next[sender]++) {
        mismatches++;
        return;
    }

    one->heard++;
    messages++;
    record(&latencies, time - all[sender].said_at);
}

static void receive(client *one)
{
    static char buffer[256 * 1024];
    memcpy(buffer, one->rest, one->rest_length);
    ssize_t count = recv(one->socket, buffer + one->rest_length, sizeof buffer - one->rest_length, MSG_DONTWAIT);
    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail("The server ended a connection");
        }

        return;
    }

    uint64_t time = now();
    size_t length = one->rest_length + (size_t)count, done = 0;
    for (; length - done >= size; done += size) {
        hear(one, buffer + done, time);
    }

    one->rest_length = length - done;
    memcpy(one->rest, buffer + done, one->rest_length);
    bytes += (uint64_t)count;
}

static void wait_and_receive(int loop, int milliseconds, int talks)
{
    struct epoll_event ready[512];
    int many = epoll_wait(loop, ready, 512, milliseconds);
    for (int i = 0; i < many; i++) {
        client *one = &all[ready[i].data.u32];
        receive(one);
        if (talks && one->heard >= (uint64_t)one->said * (clients - 1)) {
            say(ready[i].data.u32);
        }
    }
}

int main(int count, char **arguments)
{
    if (count < 7 || count > 8) {
        fprintf(stderr, "usage: roomload ADDRESS PORT CLIENTS SIZE LINES SECONDS [SERVER-PROCESS]\n");
        return 2;
    }

    struct sockaddr_in server = read_endpoint(arguments[1], arguments[2]);
    clients = (uint32_t)read_number(arguments[3], 2, 10000);
    size = (size_t)read_number(arguments[4], HEAD + 1, 4096);
    lines = (uint32_t)read_number(arguments[5], 1, 1024);
    double seconds = read_number(arguments[6], 0.01, 86400);
    int process = count == 8 ? (int)read_number(arguments[7], 0, 1 << 30) : 0;

    static const int on = 1;
    all = allocate(clients, sizeof *all);
    outgoing = allocate(lines, size);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < clients; i++) {
        client *one = &all[i];
        one->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        one->next = allocate(clients, sizeof *one->next);
        one->rest = allocate(1, size);
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = i};
        if (one->socket < 0 || connect(one->socket, (struct sockaddr *)&server, sizeof server) != 0
            || setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
            || epoll_ctl(loop, EPOLL_CTL_ADD, one->socket, &interest) != 0) {
            fail("connect");
        }
    }

    // The last one says hello until all the others hear it: then the server knows them all.
    for (int tries = 0; here < clients - 1; tries++) {
        if (tries == 200) {
            fprintf(stderr, "Only %u of %u clients hear the others.\n", here, clients);
            return 1;
        }

        write_line(outgoing, HELLO, 0);
        send_all(all[clients - 1].socket, outgoing, size);
        for (uint64_t until = now() + 50000000; now() < until && here < clients - 1;) {
            wait_and_receive(loop, 10, 0);
        }
    }

    uint64_t begin = now(), end = begin + (uint64_t)(seconds * 1e9), counted = begin + (uint64_t)(seconds * 0.15e9);
    double processor = processor_seconds(process);
    int is_warm = 0;
    for (uint32_t i = 0; i < clients; i++) {
        say(i);
    }

    uint64_t time;
    while ((time = now()) < end) {
        if (!is_warm && time >= counted) {
            is_warm = 1;
            counted = time;
            messages = 0;
            bytes = 0;
            memset(&latencies, 0, sizeof latencies);
            processor = processor_seconds(process);
        }

        wait_and_receive(loop, 10, 1);
    }

    double elapsed = (double)(now() - counted) / 1e9;
    double processor_time = processor_seconds(process) - processor;
    for (uint32_t i = 0; i < clients; i++) {
        errors += all[i].heard == 0;
    }

    printf(
        "{\"conns\":%u,\"size\":%zu,\"depth\":%u,\"msgs_s\":%.0f,\"MiB_s\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
        "\"p999_us\":%.1f,\"errors\":%ld,\"mismatches\":%ld,\"server_cpu_us_per_msg\":%.3f}\n",
        clients, size, lines, (double)messages / elapsed, (double)bytes / elapsed / 1048576, percentile(&latencies, 0.5),
        percentile(&latencies, 0.9), percentile(&latencies, 0.99), percentile(&latencies, 0.999), errors, mismatches,
        process != 0 && messages > 0 ? processor_time * 1e6 / (double)messages : -1);
    return errors != 0 || mismatches != 0;
}
