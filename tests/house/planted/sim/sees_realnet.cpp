// expect: floor
#include "ghostnet/realnet/planted.hpp"
