// expect: floor
#include "ghostnet/sim/planted.hpp"
