#include "apps/bench/figure_log.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace kvc {

void figure_log::add(const nlohmann::ordered_json& figure) {
  figures_.push_back(figure.dump());
}

bool figure_log::write(const std::filesystem::path& file,
                       const std::string& machine) const {
  std::ofstream out{file};
  out << R"({"machine": )" << nlohmann::json(machine).dump()
      << ",\n \"figures\": [";
  for (std::size_t i = 0; i < figures_.size(); ++i)
    out << (i == 0 ? "\n  " : ",\n  ") << figures_[i];
  out << "\n]}\n";
  out.close();
  return !out.fail();
}

}  // namespace kvc
