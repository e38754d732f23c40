// expect: ns-3
#include <ns3/nstime.h>
