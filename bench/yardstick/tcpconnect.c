// Connects to a port of this machine, one connection after the other, and prints on a line of its own how many milliseconds
// each took: what the system itself needs for a connection that is accepted, or refused.
//
// usage: tcpconnect ADDRESS PORT COUNT
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <sys/socket.h>

int main(int count, char **arguments)
{
    if (count != 4) {
        fprintf(stderr, "usage: tcpconnect ADDRESS PORT COUNT\n");
        return 2;
    }

    struct sockaddr_in endpoint = read_endpoint(arguments[1], arguments[2]);
    for (int left = (int)read_number(arguments[3], 1, 1000000); left > 0; left--) {
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (client < 0) {
            fail("socket");
        }

        uint64_t start = now();
        if (connect(client, (struct sockaddr *)&endpoint, sizeof endpoint) != 0 && errno != ECONNREFUSED) {
            fail("connect");
        }

        printf("%.4f\n", (double)(now() - start) / 1e6);
        close(client);
    }

    return 0;
}
