// expect: file, thread
#include <unistd.h>

void wait_a_second() { sleep(1); }
