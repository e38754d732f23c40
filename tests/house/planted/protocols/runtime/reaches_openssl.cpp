// expect: lean
#include <openssl/planted.h>
