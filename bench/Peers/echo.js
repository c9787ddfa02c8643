const net = require('node:net');

net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => socket.write(data));
}).listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
