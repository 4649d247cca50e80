#include "json/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace gatehouse::json {
namespace {

namespace bj = boost::json;

enum class Fault : std::uint8_t { none, not_an_object, duplicate, too_many, number_range };

// Builds the tree as the parser meets its parts, and stops at the first thing that we do not take.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  explicit TreeBuilder(std::size_t members_max) : members_left_(members_max) {}

  [[nodiscard]] Fault fault() const { return fault_; }
  [[nodiscard]] bj::value release() { return stack_.release(); }

  bool on_document_begin(boost::system::error_code&) { return true; }
  bool on_document_end(boost::system::error_code&) { return true; }

  bool on_object_begin(boost::system::error_code& ec) {
    if (depth_ > 0 && !count(ec)) return false;
    ++depth_;
    open_objects_.push_back(names_.size());
    return true;
  }
  bool on_object_end(std::size_t n, boost::system::error_code& ec) {
    if (!names_differ(open_objects_.back())) return stop(Fault::duplicate, ec);
    names_.resize(open_objects_.back());
    open_objects_.pop_back();
    --depth_;
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(boost::system::error_code& ec) {
    if (!count(ec)) return false;
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t n, boost::system::error_code&) {
    --depth_;
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(bj::string_view part, std::size_t, boost::system::error_code&) {
    name_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(bj::string_view part, std::size_t, boost::system::error_code&) {
    name_.append(part.data(), part.size());  // escapes are undone by now: su\u0062 is sub
    names_.push_back(std::move(name_));
    name_.clear();
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, boost::system::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(bj::string_view part, std::size_t, boost::system::error_code& ec) {
    if (!count(ec)) return false;
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(bj::string_view, boost::system::error_code&) { return true; }
  bool on_int64(std::int64_t value, bj::string_view, boost::system::error_code& ec) {
    if (!count(ec)) return false;
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t, bj::string_view, boost::system::error_code& ec) {
    return stop(Fault::number_range, ec);
  }
  bool on_double(double, bj::string_view literal, boost::system::error_code& ec) {
    if (!count(ec)) return false;
    // Integers beyond 64 bits come here too; and from_chars rounds correctly where the parser may be one ulp off.
    if (literal.find_first_of(".eE") == bj::string_view::npos) return stop(Fault::number_range, ec);
    double value = 0;
    const auto read = std::from_chars(literal.data(), literal.data() + literal.size(), value);
    if (read.ec != std::errc{}) return stop(Fault::number_range, ec);
    stack_.push_double(value);
    return true;
  }
  bool on_bool(bool value, boost::system::error_code& ec) {
    if (!count(ec)) return false;
    stack_.push_bool(value);
    return true;
  }
  bool on_null(boost::system::error_code& ec) {
    if (!count(ec)) return false;
    stack_.push_null();
    return true;
  }
  bool on_comment_part(bj::string_view, boost::system::error_code&) { return true; }
  bool on_comment(bj::string_view, boost::system::error_code&) { return true; }

 private:
  bool stop(Fault fault, boost::system::error_code& ec) {
    fault_ = fault;
    ec = bj::error::exception;
    return false;
  }
  bool count(boost::system::error_code& ec) {
    if (depth_ == 0) return stop(Fault::not_an_object, ec);
    if (members_left_ == 0) return stop(Fault::too_many, ec);
    --members_left_;
    return true;
  }
  // Sorting keeps this n·log n for an object of any size.
  bool names_differ(std::size_t from) {
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(from);
    std::sort(first, names_.end());
    return std::adjacent_find(first, names_.end()) == names_.end();
  }

  bj::value_stack stack_;
  std::size_t members_left_;
  std::size_t depth_ = 0;
  std::string name_;                       // the part of a name that arrived before an escape
  std::vector<std::string> names_;         // of all open objects, outermost first
  std::vector<std::size_t> open_objects_;  // where each one's names begin
  Fault fault_ = Fault::none;
};

std::unexpected<Error> refuse(std::string_view reason, std::string message) {
  return fail(Code::invalid_argument, reason, message);
}

std::unexpected<Error> refuse(Fault fault, const boost::system::error_code& ec, std::size_t at) {
  switch (fault) {
    case Fault::not_an_object: return refuse("malformed_json", "The JSON text must be one object.");
    case Fault::duplicate:
      return refuse("duplicate_member", fmt::format("The object that ends at byte {} names a member twice.", at));
    case Fault::too_many: return refuse("json_too_large", "The JSON text has too many members.");
    case Fault::number_range:
      return refuse("malformed_json", fmt::format("The number at byte {} is out of range.", at));
    case Fault::none: break;
  }
  if (ec == bj::error::too_deep) return refuse("json_too_deep", "The JSON text is nested too deeply.");
  if (ec == bj::error::incomplete) return refuse("malformed_json", "The JSON text ends too early.");
  if (ec == bj::error::extra_data)
    return refuse("malformed_json", fmt::format("The JSON text goes on after its end, at byte {}.", at));
  return refuse("malformed_json", fmt::format("The JSON text is malformed at byte {}.", at));
}

}  // namespace

Result<boost::json::object> read_object(std::string_view text, const ReadLimits& limits) {
  if (text.size() > limits.bytes_max) return refuse("json_too_large", "The JSON text is too large.");
  bj::parse_options options;  // the defaults allow nothing beyond RFC 8259
  options.max_depth = limits.depth_max;
  try {
    bj::basic_parser<TreeBuilder> parser(options, limits.members_max);
    boost::system::error_code ec;
    std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = bj::error::extra_data;
    const bool is_fault_of_text = ec && parser.handler().fault() == Fault::none;
    if (is_fault_of_text && !is_utf8(text)) return refuse("malformed_json", "The JSON text is not UTF-8.");
    if (ec) return refuse(parser.handler().fault(), ec, used);
    auto value = parser.handler().release();
    return std::move(value.get_object());
  } catch (const std::exception& failed) {
    return internal(failed.what());
  }
}

}  // namespace gatehouse::json
