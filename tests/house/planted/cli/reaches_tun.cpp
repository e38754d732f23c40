// expect: sockets
#include <linux/if_tun.h>
