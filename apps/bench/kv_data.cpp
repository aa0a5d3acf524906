#include "apps/bench/kv_data.hpp"

#include "actors/codec/number_types.hpp"

#include <cmath>
#include <random>

namespace kvc {

namespace {

constexpr std::uint32_t layers = 32;
constexpr std::uint32_t tokens = 256;
constexpr std::uint32_t channels = 1024;

/// How the numbers of keys, or of values, are drawn: normally within a channel,
/// around zero.
struct distribution {
  float median_deviation;  ///< Of the channels' standard deviations,
  float spread;            ///< whose logarithms have this one.
  double outlier_share;    ///< Of the channels; their deviation is
  float outlier_factor;    ///< so many times as large.
  float correlation;       ///< Of a channel's numbers for neighbouring tokens.
};

constexpr distribution of_keys{1.0F, 0.5F, 0.02, 8.0F, 0.9F};
constexpr distribution of_values{0.3F, 0.2F, 0.0, 1.0F, 0.0F};

class source {
 public:
  std::vector<float> deviations(const distribution& d) {
    std::bernoulli_distribution is_outlier{d.outlier_share};
    std::vector<float> result(channels);
    for (auto& x : result)
      x = d.median_deviation * std::exp(d.spread * normal()) *
          (is_outlier(random_) ? d.outlier_factor : 1.0F);
    return result;
  }

  /// Appends the numbers of one layer, token by token.
  template <class Number>
  void draw_layer(const distribution& d, std::byte* to) {
    const auto scales = deviations(d);
    const auto novelty = std::sqrt(1 - d.correlation * d.correlation);
    std::vector<float> current(channels);
    for (auto& x : current)
      x = normal();
    for (std::uint32_t t = 0; t < tokens; ++t)
      for (std::uint32_t c = 0; c < channels; ++c) {
        current[c] = d.correlation * current[c] + novelty * normal();
        Number::write(to, scales[c] * current[c]);
        to += Number::width;
      }
  }

 private:
  float normal() { return normal_(random_); }

  std::mt19937_64 random_{1};
  std::normal_distribution<float> normal_;
};

}  // namespace

kv_chunk make_kv_chunk(const std::string& dtype) {
  kv_chunk result{{dtype, {2, layers, tokens, channels}}, {}};
  const auto layer_bytes = width_of(dtype) * tokens * channels;
  result.bytes.resize(layer_bytes * 2 * layers);
  with_number(number_type_of(dtype), [&](auto number) {
    source numbers;
    auto* to = result.bytes.data();
    for (const auto& each : {of_keys, of_values})
      for (std::uint32_t i = 0; i < layers; ++i, to += layer_bytes)
        numbers.draw_layer<decltype(number)>(each, to);
    return true;
  });
  return result;
}

}  // namespace kvc
