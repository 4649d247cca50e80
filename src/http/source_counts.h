// SourceCounts: how many connections each source has open (S-69). Owned by a server's context; one shard.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace gatehouse::http {

class SourceCounts {
 public:
  [[nodiscard]] std::size_t of(std::string_view source) const {
    const auto at = counts_.find(std::string(source));
    return at == counts_.end() ? 0 : at->second;
  }
  void add(std::string_view source) { ++counts_[std::string(source)]; }
  void remove(std::string_view source) {
    const auto at = counts_.find(std::string(source));
    if (--at->second == 0) counts_.erase(at);
  }

 private:
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace gatehouse::http
