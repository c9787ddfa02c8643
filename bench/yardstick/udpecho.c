// A bare UDP echo server: one socket, one thread, a recvfrom and a sendto for each datagram.
//
// usage: udpecho PORT
//
// It is bound to 127.0.0.1, prints its port, and serves until it is killed.
#define _GNU_SOURCE
#include "yardstick.h"

#include <sys/socket.h>

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: udpecho PORT\n");
        return 2;
    }

    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server < 0) {
        fail("socket");
    }

    bind_loopback(server, arguments[1]);
    print_port(server);
    for (;;) {
        static char datagram[65536];
        struct sockaddr_in sender;
        socklen_t length = sizeof sender;
        ssize_t size = recvfrom(server, datagram, sizeof datagram, 0, (struct sockaddr *)&sender, &length);
        if (size >= 0) {
            // An echo that cannot be sent is a datagram lost, which the load counts.
            sendto(server, datagram, (size_t)size, 0, (struct sockaddr *)&sender, length);
        }
    }
}
