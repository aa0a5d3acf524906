#include "net/link/remote_messages.hpp"

#include "messages/remote_interfaces.hpp"

#include <caf/type_id.hpp>

#include <unordered_map>

namespace kvc {

namespace {

using table = std::unordered_map<std::string_view, remote_message>;

/// The name on the wire.
template <class T>
constexpr std::string_view name_of() {
  constexpr auto number = caf::type_id<T>::value;
  // CAF writes its own types otherwise than it calls them here, but not this.
  static_assert(number >= caf::first_custom_type_id || std::is_same_v<T, bool>);
  return caf::type_name_by_id<number>::value;
}

template <class T>
remote_message& entry_of(table& all) {
  auto& entry = all[name_of<T>()];
  entry.walk = [](byte_walker& walker) {
    T x{};
    return walker(x);
  };
  return entry;
}

template <class In, class Out>
void add_signature(table& all,
                   caf::typed_mpi<caf::detail::type_list<In>,
                                  caf::output_tuple<Out>>* /*signature*/) {
  entry_of<In>(all).is_request = true;
  if constexpr (!std::is_void_v<Out>)
    entry_of<Out>(all).is_answer = true;
}

template <class... Signatures>
void add_interface(table& all,
                   caf::detail::type_list<Signatures...>* /*signatures*/) {
  (add_signature(all, static_cast<Signatures*>(nullptr)), ...);
}

template <class... Interfaces>
table make_table(caf::detail::type_list<Interfaces...>* /*interfaces*/) {
  table result;
  (add_interface(result,
                 static_cast<typename Interfaces::signatures*>(nullptr)),
   ...);
  return result;
}

}  // namespace

const remote_message* find_remote_message(std::string_view name) {
  static const auto all = make_table(static_cast<remote_interfaces*>(nullptr));
  const auto it = all.find(name);
  return it == all.end() ? nullptr : &it->second;
}

}  // namespace kvc
