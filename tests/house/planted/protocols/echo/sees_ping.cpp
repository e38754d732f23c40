// expect: undeclared
#include "ghostnet/ping/planted.hpp"
