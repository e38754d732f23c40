// expect: yaml
#include <yaml-cpp/yaml.h>
