// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

#include "encoding/base64_string.hpp"

#include <openssl/evp.h>

#include <array>

namespace otabahn::store {
namespace {

constexpr std::string_view create_table = "CREATE TABLE IF NOT EXISTS store_schema (module TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL)";
constexpr std::string_view find_hash = "SELECT hash FROM store_schema WHERE module = :module";
constexpr std::string_view insert_hash = "INSERT INTO store_schema (module, hash) VALUES (:module, :hash)";

Result<void> create_module(Session& session, const ModuleSchema& schema, const std::string& store) {
    const std::string hash = schema_hash(schema.text);
    if (const auto row = session.query_one(find_hash, {{"module", runtime::sql(schema.module)}})) {
        if (row->text(0) == hash) return {};
        return fail(
            ErrorCode::conflict,
            "The tables of '" + std::string(schema.module) + "' in the " + store + " were made from another schema (" +
                row->text(0).substr(0, 12) + ") than this program's (" + hash.substr(0, 12) +
                "), and this program has no migration between the two. Run the version that made them, or start with an empty store.",
            std::string(schema.module));
    }
    for (const auto& statement : split_schema(schema.text)) session.run_script(statement);
    session.execute(insert_hash, {{"module", runtime::sql(schema.module)}, {"hash", runtime::sql(hash)}});
    return {};
}

}  // namespace

std::string schema_hash(std::string_view text) {
    std::string whole;
    for (const auto& statement : split_schema(text)) whole.append(statement).append(";\n");
    std::array<unsigned char, 32> digest{};
    EVP_Digest(whole.data(), whole.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return encoding::to_hex(digest);
}

Result<void> create_schemas(Engine& engine, const std::vector<ModuleSchema>& schemas) {
    const auto session = engine.connect(Engine::Use::write);
    session->begin_schema();
    session->run_script(std::string(create_table));
    for (const auto& schema : schemas) {
        if (auto created = create_module(*session, schema, engine.name()); !created) {
            session->rollback();
            return created;
        }
    }
    session->commit();
    return {};
}

}  // namespace otabahn::store
