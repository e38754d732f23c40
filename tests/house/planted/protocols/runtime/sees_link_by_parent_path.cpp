// expect: floor, parent-path
#include "../link/include/ghostnet/link/planted.hpp"
