// expect: qt
#include <qt6/planted.h>
