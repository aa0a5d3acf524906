"""/openapi.json of a running controller: a valid OpenAPI document that says
enough for typed clients, and says what is served."""
import re
import unittest

from support.cluster import ClusterTest
from support.loopback import HOST

try:
    from openapi_spec_validator import validate
except ImportError:
    validate = None

TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}
PYTHON_TYPES = {"string": str, "integer": int, "number": (int, float),
                "boolean": bool, "array": list, "object": dict,
                "null": type(None)}


class Document:
    """The document, and what a client would check a value with."""

    def __init__(self, content):
        self.content = content

    def resolve(self, schema):
        if "$ref" not in schema:
            return schema
        place = self.content
        for name in schema["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        return place

    def operations(self):
        for path, item in self.content["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def schemas(self):
        """Yields every schema that is written out, with where it is."""
        def within(schema, where):
            yield schema, where
            for name, part in schema.get("properties", {}).items():
                yield from within(part, f"{where}.{name}")
            for key in ("anyOf", "prefixItems"):
                for i, part in enumerate(schema.get(key, [])):
                    yield from within(part, f"{where}.{key}[{i}]")
            for key in ("items", "additionalProperties"):
                if key in schema:
                    yield from within(schema[key], f"{where}.{key}")
        for name, schema in self.content["components"]["schemas"].items():
            yield from within(schema, name)
        for path, method, operation in self.operations():
            where = f"{method} {path}"
            for parameter in operation.get("parameters", []):
                yield from within(parameter["schema"], where)
            bodies = [operation["requestBody"]] if "requestBody" in operation \
                else []
            for body in bodies + list(operation["responses"].values()):
                for media in body["content"].values():
                    yield from within(media["schema"], where)

    def mismatch(self, schema, value, where="$"):
        """Returns where a value is not as described, or None."""
        schema = self.resolve(schema)
        if not schema:
            return None  # Any JSON is as described.
        if "anyOf" in schema:
            fits = any(self.mismatch(part, value) is None
                       for part in schema["anyOf"])
            return None if fits else where
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(isinstance(value, PYTHON_TYPES[each])
                             for each in types):
            return where
        if "enum" in schema and value not in schema["enum"]:
            return where
        return self.mismatch_inside(schema, value, where)

    def mismatch_inside(self, schema, value, where):
        if isinstance(value, dict):
            for name in schema.get("required", []):
                if name not in value:
                    return f"{where}.{name}"
            known = schema.get("properties", {})
            other = schema.get("additionalProperties")
            parts = [(known.get(name, other), part, f"{where}.{name}")
                     for name, part in value.items()]
        elif isinstance(value, list):
            shapes = schema.get("prefixItems", [schema.get("items")] * len(value))
            if len(shapes) != len(value):
                return where
            parts = [(shape, part, f"{where}[]")
                     for shape, part in zip(shapes, value)]
        else:
            return None
        for shape, part, place in parts:
            wrong = place if shape is None else self.mismatch(shape, part, place)
            if wrong:
                return wrong
        return None


class OpenapiTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.cluster.start_controller()
        self.http = self.cluster.controller.http
        self.document = Document(self.http.get("/openapi.json").json)

    def test_the_document_has_the_structure_that_openapi_asks_for(self):
        content = self.document.content
        self.assertRegex(content["openapi"], r"^3\.1\.\d+$")
        self.assertTrue(content["info"]["title"])
        self.assertTrue(content["info"]["version"])
        self.assertEqual(set(content),
                         {"openapi", "info", "paths", "components"})
        identifiers = set()
        for path, method, operation in self.document.operations():
            with self.subTest(path=path, method=method):
                self.assertTrue(path.startswith("/"))
                self.assertIn(method, {"get", "post", "put", "delete"})
                self.assertRegex(operation["operationId"], r"^[a-z][a-z0-9_]*$")
                identifiers.add(operation["operationId"])
                self.assertTrue(operation["summary"])
                self.check_parameters(path, operation)
                self.assertEqual("requestBody" in operation,
                                 method in {"post", "put"})
                self.check_responses(operation)
        self.assertEqual(len(identifiers), len(list(self.document.operations())))

    def check_parameters(self, path, operation):
        parameters = operation.get("parameters", [])
        places = [(each["in"], each["name"]) for each in parameters]
        self.assertEqual(len(set(places)), len(places))
        self.assertEqual(re.findall(r"\{(\w+)\}", path),
                         [name for where, name in places if where == "path"])
        for each in parameters:
            self.assertIn(each["in"], {"path", "query"})
            self.assertTrue(each["description"])
            self.assertTrue(each["required"] or each["in"] == "query")

    def check_responses(self, operation):
        responses = operation["responses"]
        self.assertIn("200", responses)
        for status, response in responses.items():
            self.assertRegex(status, r"^[2-5]\d\d$")
            self.assertTrue(response["description"])
            self.assertEqual(len(response["content"]), 1)
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]
                self.assertTrue(
                    schema == {"$ref": "#/components/schemas/Error"} or
                    "anyOf" in schema, schema)

    def test_every_schema_says_what_it_is(self):
        count = 0
        for schema, where in self.document.schemas():
            with self.subTest(where=where):
                if "$ref" in schema:
                    self.assertIn(self.document.resolve(schema)["type"], TYPES)
                elif "anyOf" in schema:
                    self.assertGreater(len(schema["anyOf"]), 1)
                elif "openapi" not in where and not where.endswith(".input"):
                    types = schema["type"]
                    self.assertLessEqual(
                        {types} if isinstance(types, str) else set(types), TYPES)
                for name, part in schema.get("properties", {}).items():
                    self.assertTrue(part["description"], name)
                self.assertLessEqual(set(schema.get("required", [])),
                                     set(schema.get("properties", {})))
                count += 1
        self.assertGreater(count, 300)

    @unittest.skipIf(validate is None, "openapi-spec-validator is not installed")
    def test_a_validator_of_others_agrees(self):
        validate(self.document.content)

    def test_answers_are_as_described(self):
        self.cluster.start_worker("a", flags=[
            "--prompt", self.cluster.write_prompt(list(range(512)))])
        self.cluster.wait_for_workers({("a", 0)})
        calls = [("get", path, path, None)
                 for path, item in self.document.content["paths"].items()
                 if "get" in item and path != "/metrics"]
        calls += [("get", "/controller/workers",
                   "/controller/workers?instance_id=a&worker_id=0", None),
                  ("get", "/controller/workers",
                   "/controller/workers?rejected=1", None)]
        for path, body in (
                ("/lookup", {"tokens": [1, 2]}),
                ("/lookup", {"tokens": [-1]}),
                ("/health", {"instance_id": "a"}),
                ("/health", {"instance_id": "b"}),
                ("/clear", {"instance_id": "a", "location": "LocalCPUBackend"}),
                ("/query_instance", {"ip": HOST}),
                ("/query_worker_info", {"instance_id": "all"}),
                ("/check_finish", {"event_id": "x"})):
            calls.append(("post", path, path, body))
        for method, path, target, body in calls + [("get", "/events", "/events",
                                                    None)]:
            reply = self.http.get(target) if body is None \
                else self.http.post(target, body)
            responses = self.document.content["paths"][path][method]["responses"]
            with self.subTest(target=target, body=body, status=reply.status):
                schema = responses[str(reply.status)]["content"][
                    "application/json"]["schema"]
                self.assertIsNone(self.document.mismatch(schema, reply.json))


if __name__ == "__main__":
    unittest.main()
