// A load for a TCP echo server, in one thread: each connection keeps DEPTH messages of SIZE bytes in flight, and every byte
// that comes back is compared with what was sent. Compiled with WITH_TLS it is a load for a TLS echo server.
//
// usage: tcpload ADDRESS PORT CONNECTIONS SIZE DEPTH SECONDS raw|newline|apart [SERVER-PROCESS]
//
// With "newline" each message ends with LF; with "apart" each is written by itself, which makes it a TLS record of its own, while
// otherwise all that is due is written at once. It prints one line of JSON: messages and MiB a second, latencies, errors
// (connections that failed, ended, or never got an answer), mismatches (pieces that were not what had been sent), and the CPU
// time that the server's process spent on a message, -1 where no process is named. The first 15 % of the time warm up, and
// are not counted. The exit code is 0 where nothing went wrong.
#define _GNU_SOURCE
#include "wire.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

typedef struct {
    int socket; // negative once it failed
    wire wire;
    int is_blocked; // whether it waits for room to send
    uint64_t sent, received; // bytes, from the beginning
    uint64_t *sent_at; // when each message in flight began to be sent, by its number modulo DEPTH
} connection;

static int loop;
static size_t size;
static int depth, is_apart;
static script text;
static long errors, mismatches, messages;
static uint64_t bytes;
static histogram latencies;

static void watch(connection *one, uint32_t index, int operation)
{
    struct epoll_event interest = {.events = EPOLLIN | (one->is_blocked ? EPOLLOUT : 0u), .data.u32 = index};
    if (epoll_ctl(loop, operation, one->socket, &interest) != 0) {
        fail("epoll_ctl");
    }
}

static void give_up(connection *one)
{
    errors++;
    close(one->socket);
    one->socket = -1;
}

// Sends until DEPTH messages are in flight or the socket takes no more.
static void send_due(connection *one, uint32_t index)
{
    int was_blocked = one->is_blocked;
    one->is_blocked = 0;
    uint64_t due = (one->received / size + (uint64_t)depth) * size;
    while (one->sent < due) {
        uint64_t offset = one->sent % text.length, length = due - one->sent;
        size_t most = is_apart ? size - one->sent % size : text.length;
        if (length > most) {
            length = most;
        }

        uint64_t time = now();
        ssize_t count = wire_write(one->wire, one->socket, text.bytes + offset, length);
        if (count < 0) {
            if (errno != EAGAIN) {
                give_up(one);
                return;
            }

            one->is_blocked = 1;
            break;
        }

        // Messages whose first byte went out just now.
        uint64_t first = (one->sent + size - 1) / size;
        one->sent += (uint64_t)count;
        for (uint64_t message = first; message * size < one->sent; message++) {
            one->sent_at[message % (uint64_t)depth] = time;
        }
    }

    if (wire_flush(one->wire) != 0) {
        if (errno != EAGAIN) {
            give_up(one);
            return;
        }

        one->is_blocked = 1;
    }

    if (one->is_blocked != was_blocked) {
        watch(one, index, EPOLL_CTL_MOD);
    }
}

// Receives what has come; whether there may be more.
static int receive(connection *one)
{
    static char buffer[256 * 1024];
    ssize_t count = wire_read(one->wire, one->socket, buffer, sizeof buffer);
    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            give_up(one);
        }

        return 0;
    }

    uint64_t time = now(), answered = one->received / size;
    for (size_t done = 0; done < (size_t)count;) {
        uint64_t offset = one->received % text.length;
        size_t length = (size_t)count - done < text.length ? (size_t)count - done : text.length;
        if (one->received + length > one->sent || memcmp(buffer + done, text.bytes + offset, length) != 0) {
            mismatches++;
        }

        one->received += length;
        done += length;
    }

    for (; answered < one->received / size; answered++) {
        record(&latencies, time - one->sent_at[answered % (uint64_t)depth]);
        messages++;
    }

    bytes += (uint64_t)count;
    return (size_t)count == sizeof buffer;
}

int main(int count, char **arguments)
{
    if (count < 8 || count > 9
        || (strcmp(arguments[7], "raw") != 0 && strcmp(arguments[7], "newline") != 0 && strcmp(arguments[7], "apart") != 0)) {
        fprintf(stderr, "usage: tcpload ADDRESS PORT CONNECTIONS SIZE DEPTH SECONDS raw|newline|apart [SERVER-PROCESS]\n");
        return 2;
    }

    struct sockaddr_in server = read_endpoint(arguments[1], arguments[2]);
    uint32_t connections = (uint32_t)read_number(arguments[3], 1, 100000);
    size = (size_t)read_number(arguments[4], 1, 1 << 28);
    depth = (int)read_number(arguments[5], 1, 65536);
    double seconds = read_number(arguments[6], 0.01, 86400);
    is_apart = strcmp(arguments[7], "apart") == 0;
    text = make_script(size, strcmp(arguments[7], "newline") == 0);
    int process = count == 9 ? (int)read_number(arguments[8], 0, 1 << 30) : 0;

    static const int on = 1;
    connection *all = allocate(connections, sizeof *all);
    loop = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < connections; i++) {
        all[i].socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (all[i].socket < 0) {
            fail("socket");
        }

        if (connect(all[i].socket, (struct sockaddr *)&server, sizeof server) != 0) {
            give_up(&all[i]);
            continue;
        }

        setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        all[i].wire = open_wire(all[i].socket);
        if (!all[i].wire) {
            give_up(&all[i]);
            continue;
        }

        fcntl(all[i].socket, F_SETFL, O_NONBLOCK);
        all[i].sent_at = allocate((size_t)depth, sizeof *all[i].sent_at);
        watch(&all[i], i, EPOLL_CTL_ADD);
    }

    uint64_t begin = now(), end = begin + (uint64_t)(seconds * 1e9), counted = begin + (uint64_t)(seconds * 0.15e9);
    double processor = processor_seconds(process);
    int is_warm = 0;
    for (uint32_t i = 0; i < connections; i++) {
        if (all[i].socket >= 0) {
            send_due(&all[i], i);
        }
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

        struct epoll_event ready[512];
        int many = epoll_wait(loop, ready, 512, 10);
        for (int i = 0; i < many; i++) {
            uint32_t index = ready[i].data.u32;
            connection *one = &all[index];
            if (ready[i].events & ~(uint32_t)EPOLLOUT) {
                while (receive(one)) {
                }
            }

            if (one->socket >= 0) {
                send_due(one, index);
            }
        }
    }

    double elapsed = (double)(now() - counted) / 1e9;
    double processor_time = processor_seconds(process) - processor;
    for (uint32_t i = 0; i < connections; i++) {
        if (all[i].socket >= 0 && all[i].received == 0) {
            errors++;
        }
    }

    printf(
        "{\"conns\":%u,\"size\":%zu,\"depth\":%d,\"msgs_s\":%.0f,\"MiB_s\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
        "\"p999_us\":%.1f,\"errors\":%ld,\"mismatches\":%ld,\"server_cpu_us_per_msg\":%.4g}\n",
        connections, size, depth, (double)messages / elapsed, (double)bytes / elapsed / 1048576, percentile(&latencies, 0.5),
        percentile(&latencies, 0.9), percentile(&latencies, 0.99), percentile(&latencies, 0.999), errors, mismatches,
        process != 0 && messages > 0 ? processor_time * 1e6 / (double)messages : -1);
    return errors != 0 || mismatches != 0;
}
