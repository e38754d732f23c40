// expect: asio
#include <boost/asio/buffer.hpp>
