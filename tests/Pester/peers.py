"""Peers that know nothing of this module: python3 peers.py <what> <arguments>. A server writes its port to standard output first."""
import smtplib
import socket
import sys


def serve(converse):
    """Serves one client, with a time limit, so that a wrong client is a failure and no hang."""
    listener = socket.create_server(('127.0.0.1', 0))
    listener.settimeout(60)
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    connection.settimeout(60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        converse(connection)


class StrictFile:
    """Lines, and no other end of one than CRLF."""

    def __init__(self, file):
        self.file = file

    def readline(self, limit=-1):
        line = self.file.readline(limit)
        if line and not line.endswith(b'\r\n'):
            raise ValueError(f'a reply without CRLF: {line!r}')
        return line

    def close(self):
        self.file.close()


class StrictSmtp(smtplib.SMTP):
    def getreply(self):
        if self.file is None:
            self.file = StrictFile(self.sock.makefile('rb'))
        return super().getreply()


def smtp_client(host, port):
    """Sends one mail, and writes what the server said."""
    with StrictSmtp(host, int(port), local_hostname='here.example', timeout=60) as smtp:
        print(smtp.ehlo_resp if smtp.ehlo()[0] == 250 else 'no EHLO')
        smtp.sendmail('ana@here.example', ['rui@there.example'], 'Subject: hi\r\n\r\none\r\n..two\r\n')
        print(smtp.noop())
        print(smtp.quit())


def crlf_server():
    """Greets, and answers each line with its length; one that does not end in CRLF is an error and the end."""
    def converse(connection):
        connection.sendall(b'220 ready\r\n')
        buffered = b''
        while True:
            received = connection.recv(1024)
            buffered += received
            while b'\n' in buffered:
                line, buffered = buffered.split(b'\n', 1)
                if not line.endswith(b'\r'):
                    connection.sendall(b'500 end lines with CRLF\r\n')
                    return
                if line == b'QUIT\r':
                    connection.sendall(b'221 bye\r\n')
                    return
                connection.sendall(b'250 %d\r\n' % (len(line) - 1))
            if not received:
                return
    serve(converse)


def delimited_client(host, port, start, delimiter, *messages):
    """Sends each message between start and delimiter, all in one piece and then byte by byte; writes each answer in hexadecimal."""
    start, delimiter = bytes.fromhex(start), bytes.fromhex(delimiter)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = b''.join(start + message.encode() + delimiter for message in messages)
        connection.sendall(wire)
        for byte in wire:
            connection.sendall(bytes([byte]))
        connection.shutdown(socket.SHUT_WR)
        answers = b''
        while received := connection.recv(1024):
            answers += received
    if not answers.endswith(delimiter):
        raise ValueError(f'the last answer is not ended: {answers!r}')
    for answer in answers[:-len(delimiter)].split(delimiter):
        if not answer.startswith(start):
            raise ValueError(f'no answer: {answer!r}')
        print(answer[len(start):].decode())


def delimited_server(start, delimiter):
    """Answers each message between start and delimiter in capital letters, byte by byte; what is none ends the conversation."""
    start, delimiter = bytes.fromhex(start), bytes.fromhex(delimiter)

    def converse(connection):
        buffered = b''
        while received := connection.recv(3):
            buffered += received
            while delimiter in buffered:
                message, buffered = buffered.split(delimiter, 1)
                if not message.startswith(start):
                    return
                for byte in start + message[len(start):].decode().upper().encode() + delimiter:
                    connection.sendall(bytes([byte]))
    serve(converse)


def course_server(kind):
    """The servers of courses, as they are written there: none of them knows where a message ends but the last."""
    def once(connection):
        connection.sendall(connection.recv(1024))

    def loop(connection):
        while data := connection.recv(1024):
            connection.sendall(b'Echo: ' + data.strip())

    def upper(connection):
        while data := connection.recv(1024):
            connection.sendall(data.decode().upper().encode())

    def fixed(connection):
        connection.recv(1024)
        connection.sendall('Olá do servidor'.encode())

    def lines(connection):
        with connection.makefile('rw', encoding='utf-8', newline='\n') as file:
            while line := file.readline():
                file.write(f'{len(line.strip())}\n')
                file.flush()

    serve({'once': once, 'loop': loop, 'upper': upper, 'fixed': fixed, 'lines': lines}[kind])


{
    'course-server': course_server,
    'smtp-client': smtp_client,
    'crlf-server': crlf_server,
    'delimited-client': delimited_client,
    'delimited-server': delimited_server,
}[sys.argv[1]](*sys.argv[2:])
