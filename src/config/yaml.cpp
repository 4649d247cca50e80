#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <set>
#include <sstream>

#include "base/utf8.h"

namespace gatehouse::config {
namespace {

// yaml-cpp's parser cannot be told to stop, so what we refuse leaves it as an exception and ends in read_yaml().
struct Refused {
  YAML::Mark mark;
  std::string why;
};

// States by depth: 0 document, 1 inside the map of sections, 2 inside a section, 3 inside a list.
class Reader final : public YAML::EventHandler {
 public:
  std::vector<Entry> entries;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (depth_ == 0 || (depth_ == 1 && is_value_)) {  // an empty file, or a section with nothing in it
      is_value_ = false;
      return;
    }
    throw Refused{
        mark, depth_ == 2 && is_value_ ? "this key has no value; write \"\" for an empty text" : "a name is missing"};
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { throw Refused{mark, "aliases are not taken here"}; }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (depth_ == 3) return entries.back().words.push_back(value);
    if (depth_ == 0) throw Refused{mark, "the file must be a map of sections, such as `server:`"};
    if (!is_value_) return begin_key(mark, value);
    if (depth_ == 1) entries.push_back({.section = section_, .line = key_mark_.line + 1, .column = key_mark_.column + 1});
    entries.back().words = {value};
    is_value_ = false;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (depth_ != 2 || !is_value_) throw Refused{mark, "no list is expected here"};
    entries.back().is_list = true;
    depth_ = 3;
  }
  void OnSequenceEnd() override {
    depth_ = 2;
    is_value_ = false;
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    const bool is_expected = depth_ == 0 || (depth_ == 1 && is_value_);
    if (!is_expected) throw Refused{mark, "no deeper nesting is expected here"};
    ++depth_;
    is_value_ = false;
  }
  void OnMapEnd() override {
    --depth_;
    is_value_ = false;
  }

 private:
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{mark, "anchors are not taken here"};
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") throw Refused{mark, "tags are not taken here"};
  }
  void begin_key(const YAML::Mark& mark, const std::string& name) {
    is_value_ = true;
    if (depth_ == 1) {
      section_ = name;
      key_mark_ = mark;
      if (!seen_.insert(name).second)
        throw Refused{mark, fmt::format("the section `{}` stands here a second time", name.substr(0, 80))};
      return;
    }
    if (!seen_.insert(section_ + "." + name).second)
      throw Refused{mark, fmt::format("`{}.{}` stands here a second time", section_.substr(0, 80), name.substr(0, 80))};
    entries.push_back({.section = section_, .name = name, .line = mark.line + 1, .column = mark.column + 1});
  }

  int depth_ = 0;
  bool is_value_ = false;  // the next node is a value, not a key
  std::string section_;
  YAML::Mark key_mark_;  // of the section
  std::set<std::string> seen_;
};

std::unexpected<Error> refusal(std::string_view file, const YAML::Mark& mark, std::string_view why) {
  const auto place =
      mark.is_null() ? fmt::format("{}: ", file) : fmt::format("{}:{}:{}: ", file, mark.line + 1, mark.column + 1);
  return fail(Code::invalid_argument, "config_invalid", place + std::string(why));
}

// What goes wrong after a tab says nothing of it.
bool is_tab_indented(std::string_view text, int line) {
  for (; line > 0; --line) text.remove_prefix(text.find('\n') + 1);
  return text.substr(0, text.find_first_not_of(" \t")).contains('\t');
}

}  // namespace

Result<std::vector<Entry>> read_yaml(std::string_view text, std::string_view file) {
  if (text.size() > yaml_bytes_max)
    return refusal(file, YAML::Mark::null_mark(), fmt::format("is larger than {} KiB", yaml_bytes_max / 1024));
  if (!is_utf8(text) || text.contains('\0')) return refusal(file, YAML::Mark::null_mark(), "is not text in UTF-8");
  Reader reader;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(reader);
    Reader second;
    if (parser.HandleNextDocument(second))
      return refusal(file, YAML::Mark::null_mark(), "holds more than one document");
  } catch (const Refused& refused) {
    return refusal(file, refused.mark, refused.why);
  } catch (const YAML::Exception& failure) {
    const bool is_tab = is_tab_indented(text, failure.mark.line);
    return refusal(file, failure.mark, is_tab ? "this line is indented with a tab, which YAML does not take: use spaces" : failure.msg);
  }
  return std::move(reader.entries);
}

}  // namespace gatehouse::config
