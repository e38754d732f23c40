// expect: sockets
#include <netinet/in.h>
