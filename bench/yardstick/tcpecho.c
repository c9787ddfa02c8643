// A bare TCP echo server: one thread, epoll, no state but what a client has not taken yet. It is the practical limit of what
// an echo server can do on a machine.
//
// usage: tcpecho PORT [STALL]
//
// It listens on 127.0.0.1, prints its port, and serves until it is killed. With STALL it does nothing for so many milliseconds
// each second.
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// A client, and the bytes of it that the socket would not take back at once. While there are any nothing more is received.
typedef struct {
    int socket;
    size_t start, end;
    char *pending;
} client;

static char received[128 * 1024];
static int loop;

static void watch(client *peer, int operation, uint32_t events)
{
    struct epoll_event interest = {.events = events, .data.ptr = peer};
    if (epoll_ctl(loop, operation, peer->socket, &interest) != 0) {
        fail("epoll_ctl");
    }
}

static void drop(client *peer)
{
    close(peer->socket);
    free(peer->pending);
    free(peer);
}

static void accept_all(int listener)
{
    static const int on = 1;
    int socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        client *peer = allocate(1, sizeof *peer);
        peer->socket = socket;
        watch(peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void echo(client *peer)
{
    ssize_t count = recv(peer->socket, received, sizeof received, 0);
    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            drop(peer);
        }

        return;
    }

    ssize_t sent = send(peer->socket, received, (size_t)count, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            drop(peer);
            return;
        }

        sent = 0;
    }

    if (sent < count) {
        peer->start = 0;
        peer->end = (size_t)(count - sent);
        peer->pending = allocate(peer->end, 1);
        memcpy(peer->pending, received + sent, peer->end);
        watch(peer, EPOLL_CTL_MOD, EPOLLOUT);
    }
}

static void flush(client *peer)
{
    ssize_t sent = send(peer->socket, peer->pending + peer->start, peer->end - peer->start, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            drop(peer);
        }

        return;
    }

    peer->start += (size_t)sent;
    if (peer->start == peer->end) {
        free(peer->pending);
        peer->pending = NULL;
        watch(peer, EPOLL_CTL_MOD, EPOLLIN);
    }
}

// Does nothing for a while once a second, from the first event in it on.
static void stall(double milliseconds)
{
    static uint64_t next;
    uint64_t time = now();
    if (time >= next) {
        struct timespec pause = {.tv_nsec = (long)(milliseconds * 1e6)};
        nanosleep(&pause, NULL);
        next = time + 1000000000u;
    }
}

int main(int count, char **arguments)
{
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: tcpecho PORT [STALL]\n");
        return 2;
    }

    double stalling = count == 3 ? read_number(arguments[2], 0, 999) : 0;

    static const int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || loop < 0) {
        fail("socket");
    }

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, listener, &interest) != 0) {
        fail("epoll_ctl");
    }

    bind_loopback(listener, arguments[1]);
    if (listen(listener, 4096) != 0) {
        fail("listen");
    }

    print_port(listener);
    for (;;) {
        struct epoll_event ready[256];
        int many = epoll_wait(loop, ready, 256, -1);
        if (stalling > 0) {
            stall(stalling);
        }

        for (int i = 0; i < many; i++) {
            client *peer = ready[i].data.ptr;
            if (peer == NULL) {
                accept_all(listener);
            } else if (peer->pending == NULL) {
                echo(peer);
            } else {
                flush(peer);
            }
        }
    }
}
