// Connects to an echo server of this machine, pauses, and sends one line after the other; prints on a line of its own how many
// milliseconds each took until it was back: what the system itself needs, the first time too, when nothing is warm.
//
// usage: tcpexchange ADDRESS PORT COUNT
#define _GNU_SOURCE
#include "yardstick.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

int main(int count, char **arguments)
{
    if (count != 4) {
        fprintf(stderr, "usage: tcpexchange ADDRESS PORT COUNT\n");
        return 2;
    }

    struct sockaddr_in endpoint = read_endpoint(arguments[1], arguments[2]);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    int without_delay = 1;
    if (client < 0 || connect(client, (struct sockaddr *)&endpoint, sizeof endpoint) != 0
        || setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &without_delay, sizeof without_delay) != 0) {
        fail("connect");
    }

    // A session is opened by one command and used by the next: both processes have slept by then.
    struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
    nanosleep(&pause, NULL);
    for (int left = (int)read_number(arguments[3], 1, 1000000); left > 0; left--) {
        char answer[2];
        uint64_t start = now();
        if (send(client, "x\n", 2, 0) != 2 || recv(client, answer, sizeof answer, MSG_WAITALL) != 2) {
            fail("exchange");
        }

        printf("%.4f\n", (double)(now() - start) / 1e6);
    }

    close(client);
    return 0;
}
