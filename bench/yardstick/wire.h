// What carries a load's bytes: a TCP socket as it is, or TLS over it where the program is compiled with WITH_TLS (and linked with
// OpenSSL). Nothing blocks once the connection is open: what can't be done now gives -1 with EAGAIN in errno.
#ifndef WIRE_H
#define WIRE_H

#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#ifdef WITH_TLS

#include <openssl/err.h>
#include <openssl/ssl.h>

typedef SSL *wire;

// What is written waits here until it is flushed, so that many records cost one system call.
enum { UNSENT_BYTES = 256 * 1024 };

// Runs the handshake; no certificate is checked. All servers get the same cipher suite, so that none is measured with a cheaper one.
static inline wire open_wire(int socket)
{
    static SSL_CTX *context;
    if (context == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        if (context == NULL || SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1) {
            ERR_print_errors_fp(stderr);
            exit(1);
        }

        SSL_CTX_set_read_ahead(context, 1);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }

    SSL *made = SSL_new(context);
    BIO *unsent = BIO_new(BIO_f_buffer());
    if (made == NULL || unsent == NULL) {
        return NULL;
    }

    BIO_set_write_buffer_size(unsent, UNSENT_BYTES);
    SSL_set_bio(made, BIO_new_socket(socket, BIO_NOCLOSE), BIO_push(unsent, BIO_new_socket(socket, BIO_NOCLOSE)));
    if (SSL_connect(made) != 1 || BIO_flush(unsent) != 1) {
        ERR_print_errors_fp(stderr);
        return NULL;
    }

    return made;
}

static inline ssize_t told(wire one, int result)
{
    int error = SSL_get_error(one, result);
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }

    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
    return -1;
}

static inline ssize_t wire_write(wire one, int socket, const char *from, size_t length)
{
    (void)socket;
    int count = SSL_write(one, from, (int)length);
    return count > 0 ? count : told(one, count);
}

static inline int wire_flush(wire one)
{
    BIO *unsent = SSL_get_wbio(one);
    if (BIO_flush(unsent) == 1) {
        return 0;
    }

    errno = BIO_should_retry(unsent) ? EAGAIN : EIO;
    return -1;
}

// Reads until there is nothing left, since epoll does not tell of what OpenSSL holds.
static inline ssize_t wire_read(wire one, int socket, char *into, size_t room)
{
    (void)socket;
    size_t done = 0;
    while (done < room) {
        int count = SSL_read(one, into + done, (int)(room - done));
        if (count <= 0) {
            return done > 0 ? (ssize_t)done : told(one, count);
        }

        done += (size_t)count;
    }

    return (ssize_t)done;
}

#else

typedef int wire;

static inline wire open_wire(int socket)
{
    (void)socket;
    return 1;
}

static inline ssize_t wire_write(wire one, int socket, const char *from, size_t length)
{
    (void)one;
    return send(socket, from, length, MSG_NOSIGNAL);
}

static inline int wire_flush(wire one)
{
    (void)one;
    return 0;
}

static inline ssize_t wire_read(wire one, int socket, char *into, size_t room)
{
    (void)one;
    return recv(socket, into, room, 0);
}

#endif
#endif
