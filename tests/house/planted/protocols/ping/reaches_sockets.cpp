// expect: sockets
#include <sys/socket.h>
