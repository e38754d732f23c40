// expect: ns-3
#include <ns3/simulator.h>
