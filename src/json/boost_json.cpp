// Boost.JSON is used as headers only; this is the one place its definitions are compiled.
#include <boost/json/src.hpp>
