// expect: asio, lean
#include <boost/asio/buffer.hpp>
