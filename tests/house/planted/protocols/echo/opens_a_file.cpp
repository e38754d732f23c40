// expect: file
#include <fstream>

bool exists(const char* path) { return std::ifstream(path).good(); }
