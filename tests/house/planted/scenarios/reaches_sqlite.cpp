// expect: sqlite
#include <sqlite3.h>
