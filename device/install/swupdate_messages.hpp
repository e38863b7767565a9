// SPDX-License-Identifier: Apache-2.0
// The layout of SWUpdate's IPC messages, as far as we speak it. It is an interface of native C structs: sizes and order are
// SWUpdate's (2020.11 and later: API version 1) and may not change.
#pragma once

#include <cstddef>
#include <cstdint>

namespace otabahn::device::swupdate {

inline constexpr std::int32_t magic = 0x14052001;
inline constexpr std::uint32_t api_version = 1;

enum Type : std::int32_t { req_install = 0, ack = 1, nack = 2, get_status = 3, set_update_state = 7 };
enum Status : std::int32_t { idle = 0, success = 3, failure = 4 };
inline constexpr std::int32_t source_local = 4;
// What its boot loader interface calls them.
inline constexpr char state_ok = '0', state_failed = '3';

struct Request {
    std::uint32_t apiversion;
    std::int32_t source;
    std::int32_t dry_run;
    std::size_t length;
    char info[512];
    char software_set[256];
    char running_mode[256];
    bool disable_store_swu;
};

struct InstallMessage {
    Request request;
    std::uint32_t length;
    char buffer[2048];
};

struct StatusMessage {
    std::int32_t current, last_result, error;
    char description[2048];
};

union Data {
    char text[128];
    StatusMessage status;
    InstallMessage install;
};

struct Message {
    std::int32_t magic;
    std::int32_t type;
    Data data;
};

#if SIZE_MAX == UINT64_MAX
static_assert(sizeof(Message) == 3120, "what SWUpdate on a 64-bit machine reads at once");
#endif

}  // namespace otabahn::device::swupdate
