#pragma once

#include <caf/fwd.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <vector>

namespace kvc {

enum class chunk_outcome : std::uint8_t;
enum class errc : std::uint8_t;
enum class event_state : std::uint8_t;
enum class hash_algorithm : std::uint8_t;
enum class location : std::uint8_t;
enum class operation : std::uint8_t;
enum class report_status : std::uint8_t;

struct ask_again;
struct await_event;
struct cancel_command;
struct cancel_event;
struct chunk_holder;
struct chunk_lease;
struct chunk_report;
struct close_epoch;
struct command;
struct command_progress;
struct command_result;
struct command_tally;
struct deregister_worker;
struct dial;
struct dial_peer;
struct end_chunk_lease;
struct epoch_opened;
struct event_status;
struct find_prefixes;
struct hash_settings;
struct incarnation;
struct introduce_peer;
struct key_block;
struct lease;
struct lease_chunks;
struct lease_term;
struct leased_chunk;
struct list_events;
struct list_refusals;
struct list_workers;
struct locate_chunks;
struct location_usage;
struct open_epoch;
struct order_terms;
struct peer_address;
struct permit_start;
struct prefix_match;
struct rank_status;
struct refusal;
struct register_worker;
struct renew_chunk_lease;
struct renew_lease;
struct report_ack;
struct report_run;
struct run_command;
struct shard_link;
struct start_event;
struct start_permit;
struct surrender_chunks;
struct surrender_report;
struct welcome;
struct worker_id;
struct worker_profile;
struct worker_record;

}  // namespace kvc

// Every type that may be an element of a message, in alphabetical order. CAF
// 0.17 sends these names over the wire: renaming one breaks older peers.
CAF_BEGIN_TYPE_ID_BLOCK(kvc, caf::first_custom_type_id)
  CAF_ADD_TYPE_ID(kvc, (kvc::ask_again))
  CAF_ADD_TYPE_ID(kvc, (kvc::await_event))
  CAF_ADD_TYPE_ID(kvc, (kvc::cancel_command))
  CAF_ADD_TYPE_ID(kvc, (kvc::cancel_event))
  CAF_ADD_TYPE_ID(kvc, (kvc::chunk_holder))
  CAF_ADD_TYPE_ID(kvc, (kvc::chunk_lease))
  CAF_ADD_TYPE_ID(kvc, (kvc::chunk_report))
  CAF_ADD_TYPE_ID(kvc, (kvc::close_epoch))
  CAF_ADD_TYPE_ID(kvc, (kvc::command))
  CAF_ADD_TYPE_ID(kvc, (kvc::command_progress))
  CAF_ADD_TYPE_ID(kvc, (kvc::command_result))
  CAF_ADD_TYPE_ID(kvc, (kvc::command_tally))
  CAF_ADD_TYPE_ID(kvc, (kvc::deregister_worker))
  CAF_ADD_TYPE_ID(kvc, (kvc::dial))
  CAF_ADD_TYPE_ID(kvc, (kvc::dial_peer))
  CAF_ADD_TYPE_ID(kvc, (kvc::end_chunk_lease))
  CAF_ADD_TYPE_ID(kvc, (kvc::epoch_opened))
  CAF_ADD_TYPE_ID(kvc, (kvc::event_status))
  CAF_ADD_TYPE_ID(kvc, (kvc::find_prefixes))
  CAF_ADD_TYPE_ID(kvc, (kvc::hash_settings))
  CAF_ADD_TYPE_ID(kvc, (kvc::incarnation))
  CAF_ADD_TYPE_ID(kvc, (kvc::introduce_peer))
  CAF_ADD_TYPE_ID(kvc, (kvc::key_block))
  CAF_ADD_TYPE_ID(kvc, (kvc::lease))
  CAF_ADD_TYPE_ID(kvc, (kvc::lease_chunks))
  CAF_ADD_TYPE_ID(kvc, (kvc::lease_term))
  CAF_ADD_TYPE_ID(kvc, (kvc::leased_chunk))
  CAF_ADD_TYPE_ID(kvc, (kvc::list_events))
  CAF_ADD_TYPE_ID(kvc, (kvc::list_refusals))
  CAF_ADD_TYPE_ID(kvc, (kvc::list_workers))
  CAF_ADD_TYPE_ID(kvc, (kvc::locate_chunks))
  CAF_ADD_TYPE_ID(kvc, (kvc::location_usage))
  CAF_ADD_TYPE_ID(kvc, (kvc::open_epoch))
  CAF_ADD_TYPE_ID(kvc, (kvc::order_terms))
  CAF_ADD_TYPE_ID(kvc, (kvc::peer_address))
  CAF_ADD_TYPE_ID(kvc, (kvc::permit_start))
  CAF_ADD_TYPE_ID(kvc, (kvc::prefix_match))
  CAF_ADD_TYPE_ID(kvc, (kvc::rank_status))
  CAF_ADD_TYPE_ID(kvc, (kvc::refusal))
  CAF_ADD_TYPE_ID(kvc, (kvc::register_worker))
  CAF_ADD_TYPE_ID(kvc, (kvc::renew_chunk_lease))
  CAF_ADD_TYPE_ID(kvc, (kvc::renew_lease))
  CAF_ADD_TYPE_ID(kvc, (kvc::report_ack))
  CAF_ADD_TYPE_ID(kvc, (kvc::report_run))
  CAF_ADD_TYPE_ID(kvc, (kvc::run_command))
  CAF_ADD_TYPE_ID(kvc, (kvc::shard_link))
  CAF_ADD_TYPE_ID(kvc, (kvc::start_event))
  CAF_ADD_TYPE_ID(kvc, (kvc::start_permit))
  CAF_ADD_TYPE_ID(kvc, (kvc::surrender_chunks))
  CAF_ADD_TYPE_ID(kvc, (kvc::surrender_report))
  CAF_ADD_TYPE_ID(kvc, (kvc::welcome))
  CAF_ADD_TYPE_ID(kvc, (kvc::worker_id))
  CAF_ADD_TYPE_ID(kvc, (kvc::worker_profile))
  CAF_ADD_TYPE_ID(kvc, (kvc::worker_record))
  CAF_ADD_TYPE_ID(kvc, (std::vector<kvc::chunk_holder>))
  CAF_ADD_TYPE_ID(kvc, (std::vector<kvc::event_status>))
  CAF_ADD_TYPE_ID(kvc, (std::vector<kvc::prefix_match>))
  CAF_ADD_TYPE_ID(kvc, (std::vector<kvc::refusal>))
  CAF_ADD_TYPE_ID(kvc, (std::vector<kvc::worker_record>))
CAF_END_TYPE_ID_BLOCK(kvc)

namespace kvc {

/// Teaches `config` every message type and error code in this folder. Without
/// it actors talk within the process, but not to other processes.
void add_messages(caf::actor_system_config& config);

}  // namespace kvc
