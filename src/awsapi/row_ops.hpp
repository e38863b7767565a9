// SPDX-License-Identifier: Apache-2.0
// The few operations that a walker needs on a member's value, one set per C++ type; only generated rows include this.
#pragma once

#include "awsapi/rows.hpp"
#include "base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::awsapi {

template <class T>
inline constexpr OptionalOps optional_ops{
    [](void* field) -> void* { return &static_cast<std::optional<T>*>(field)->emplace(); },
    [](const void* field) -> const void* {
        const auto& value = *static_cast<const std::optional<T>*>(field);
        return value ? &*value : nullptr;
    },
};

template <class T>
inline constexpr StructureOps structure_ops{
    []() -> void* { return new T{}; },
    [](void* structure) { delete static_cast<T*>(structure); },
};

template <class T>
inline constexpr ListOps list_ops{
    [](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
    [](const void* list, std::size_t index) -> const void* { return &(*static_cast<const std::vector<T>*>(list))[index]; },
    [](void* list) -> void* { return &static_cast<std::vector<T>*>(list)->emplace_back(); },
};

template <class T>
inline constexpr MapOps map_ops{
    [](const void* map) { return static_cast<const std::map<std::string, T>*>(map)->size(); },
    [](void* map, std::string key) -> void* { return &(*static_cast<std::map<std::string, T>*>(map))[std::move(key)]; },
    [](const void* map, void* context, void (*visit)(void*, const std::string&, const void*)) {
        for (const auto& [key, value] : *static_cast<const std::map<std::string, T>*>(map)) visit(context, key, &value);
    },
};

}  // namespace otabahn::awsapi
