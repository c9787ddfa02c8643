const net = require('node:net');

const clients = new Set();
net.createServer({ noDelay: true }, (socket) => {
  clients.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clients.delete(socket));
  socket.on('data', (data) => clients.forEach((other) => other !== socket && other.write(data)));
}).listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
